"""Subscribers: found by their address, shown without it to who need not know it, and never added by hand."""

from django.contrib import admin
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.html import format_html

from config.admin_base import ListFilter
from config.admin_forms import in_words
from subscriptions import figures, following, opt_in, preferences, privacy
from subscriptions.addresses import ADDRESS_LENGTH, fingerprint, key_of, masked
from subscriptions.admin.pages import Act, RecordAdmin, filter_by
from subscriptions.forms import DAYS
from subscriptions.models import Consent, Follow, Mailing, Subscriber, Suppression

MOST_SHOWN = 50
State, Ended = Subscriber.State, Subscriber.Ended


def sees_addresses(user) -> bool:
    """Whether somebody may read readers' addresses. Others see the first letter and the domain."""
    return user.has_perm("subscriptions.view_addresses")


def with_address(queryset: QuerySet, typed: str, user) -> QuerySet:
    """The rows whose address is the one typed; for who sees addresses, else those that begin so, or are "@domain".

    Who does not see addresses must know the whole of one: otherwise they could be found out letter by letter."""
    typed = typed.strip().lower()
    if not typed:
        return queryset
    if len(typed) > ADDRESS_LENGTH or "\0" in typed:
        return queryset.none()
    whole = queryset.filter(key=key_of(typed))
    if not sees_addresses(user) or ("@" in typed[1:-1] and whole.exists()):  # by the index, however many there are
        return whole
    return queryset.filter(key__endswith=typed) if typed.startswith("@") else queryset.filter(key__startswith=typed)


def take_off(subscriber: Subscriber, user) -> str:
    """An editor has somebody leave; what to say, or nothing if they had left."""
    with transaction.atomic():
        if not subscriber.leave(Ended.EDITOR):
            return ""
        preferences.note(subscriber, Consent.What.LEFT, "/admin/", None, f"Taken off by {user.get_username()}"[:300])
    return "Taken off. They get no more mail, and can subscribe again themselves."


def suppress(subscriber: Subscriber, user) -> str:
    """Nothing is ever written to the address again, whoever enters it; what to say, or nothing if that was so."""
    with transaction.atomic():
        note = f"Put here by {user.get_username()}"[:300]
        values = {"why": Suppression.Why.ASKED, "since": timezone.now(), "note": note}
        prints = fingerprint(subscriber.address)
        _row, is_new = Suppression.objects.get_or_create(fingerprint=prints, defaults=values)
        has_left = take_off(subscriber, user)
    return "Nothing is ever written to this address again." if is_new or has_left else ""


def erase(subscriber: Subscriber, user) -> str:
    """Forget somebody."""
    privacy.erase(subscriber)
    return "Erased: nothing about this reader is kept."


ACTS = {
    "leave": Act(
        "Take off",
        take_off,
        "subscriptions.change_subscriber",
        lambda subscriber, context: subscriber.state == State.CONFIRMED,
        "They get no more mail from this moment, also not what is queued already. Only they themselves can come back, "
        "by subscribing again.",
        is_grave=True,
    ),
    "suppress": Act(
        "Never write again",
        suppress,
        "subscriptions.add_suppression",
        lambda subscriber, context: not context["is_suppressed"],
        "They are taken off, and the address gets no mail from this site again, whoever enters it into a form or an "
        "import. Do this for somebody who asks never to be written to.",
        is_grave=True,
    ),
    "erase": Act(
        "Erase",
        erase,
        "subscriptions.delete_subscriber",
        lambda subscriber, context: True,
        "Everything about this reader is deleted: address, consents, what they follow. The reports of past mailings "
        "still add up, without saying whose the deliveries were. It cannot be undone.",
        is_grave=True,
    ),
}


class YesOrNo(ListFilter):
    """A filter by something that is so or not."""

    def lookups(self, request, model_admin):
        return [("yes", "Yes"), ("no", "No")]

    def is_so(self) -> Q | Exists:
        raise NotImplementedError

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        return queryset.filter(self.is_so() if self.value() == "yes" else ~self.is_so())


class FollowsFilter(YesOrNo):
    title, parameter_name = "follows something", "follows"

    def is_so(self):
        return Exists(Follow.objects.filter(subscriber=OuterRef("pk")))


class PausedFilter(YesOrNo):
    title, parameter_name = "paused", "paused"

    def is_so(self):
        return Q(state=Subscriber.State.CONFIRMED, paused_until__isnull=False, paused_until__gt=timezone.now())


class ImportedFilter(YesOrNo):
    title, parameter_name = "came with an imported list", "imported"

    def is_so(self):
        return Q(source__startswith="import")


@admin.register(Subscriber)
class SubscriberAdmin(RecordAdmin):
    list_display = ["shown", "standing", "letters", "since", "source"]
    list_filter = [
        filter_by("state", State.choices),
        filter_by("rhythm", Subscriber.Rhythm.choices),
        filter_by("only_followed", [("True", "Only what they follow"), ("False", "Every review")], "which reviews"),
        FollowsFilter,
        PausedFilter,
        ImportedFilter,
        filter_by("ended", [choice for choice in Ended.choices if choice[0]], "why they left"),
    ]
    show_facets = admin.ShowFacets.ALLOW
    search_fields = ["key"]
    search_help_text = "Address"
    ordering = ["-confirmed_at", "-pk"]
    sortable_by = ["since"]
    acts = ACTS
    gone_url = "admin:subscriptions_subscriber_changelist"

    def changelist_view(self, request, extra_context=None):
        request.sees_addresses = sees_addresses(request.user)
        return super().changelist_view(request, {"sees_addresses": request.sees_addresses} | (extra_context or {}))

    def get_list_display(self, request):
        return ["address" if sees_addresses(request.user) else "shown", *self.list_display[1:]]

    def get_search_results(self, request, queryset, search_term):
        return with_address(queryset, search_term, request.user), False

    @admin.display(description="address")
    def shown(self, subscriber):
        return masked(subscriber.address)

    @admin.display(description="state")
    def standing(self, subscriber):
        why = f": {subscriber.get_ended_display().lower()}" if subscriber.ended else ""
        words = f"{subscriber.get_state_display()}{why}"
        return format_html('<span class="standing is-{}">{}</span>', subscriber.state, words)

    @admin.display(description="letters")
    def letters(self, subscriber):
        only = ", only what they follow" if subscriber.only_followed else ""
        return f"{subscriber.get_rhythm_display()}{only}"

    @admin.display(description="since", ordering="confirmed_at")
    def since(self, subscriber):
        return in_words(subscriber.confirmed_at)

    def record_name(self, request, record):
        return record.address if sees_addresses(request.user) else masked(record.address)

    def record_context(self, request, record):
        mailings = figures.listed(Mailing.objects.all())
        deliveries = record.deliveries.order_by("-pk")[:MOST_SHOWN]
        known = {mailing.pk: mailing for mailing in mailings.filter(deliveries__in=[row.pk for row in deliveries])}
        return {
            "sees_addresses": sees_addresses(request.user),
            "is_suppressed": opt_in.is_suppressed(record.address),
            "follows": following.all_of(record),
            "consents": record.consents.select_related("wording"),
            "deliveries": [(row, figures.subject_of(known[row.mailing_id])) for row in deliveries],
            "reports": record.bounce_reports.all()[:MOST_SHOWN],
            "letters": self.letters(record),
            "weekday": DAYS[record.day],
            "most": MOST_SHOWN,
        }
