"""Sign-ups: what became of an address that somebody typed into the form. It answers "I never got the mail"."""

from django.contrib import admin
from django.utils.html import format_html

from config.admin_base import CountedChangeList
from config.admin_forms import in_words
from subscriptions.addresses import fingerprint, masked
from subscriptions.admin.pages import RecordAdmin
from subscriptions.admin.subscribers import sees_addresses, with_address
from subscriptions.models import SignUp, Suppression
from subscriptions.models.signup import MOST_ATTEMPTS


class SignUpList(CountedChangeList):
    """A page of sign-ups, each of which knows whether its address is never written to."""

    def get_results(self, request):
        super().get_results(request)
        self.result_list = list(self.result_list)
        prints = {signup.pk: fingerprint(signup.address) for signup in self.result_list}
        found = Suppression.objects.filter(fingerprint__in=prints.values()).values_list("fingerprint", flat=True)
        suppressed = set(found)
        for signup in self.result_list:
            signup.is_suppressed = prints[signup.pk] in suppressed


@admin.register(SignUp)
class SignUpAdmin(RecordAdmin):
    list_display = ["who", "asked", "standing", "follow", "page"]
    list_display_links = None
    search_fields = ["key"]
    search_help_text = "Address"
    ordering = ["-asked_at", "-pk"]
    sortable_by = ["asked"]

    def get_changelist(self, request, **kwargs):
        return SignUpList

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(
            request, {"sees_addresses": sees_addresses(request.user)} | (extra_context or {})
        )

    def get_list_display(self, request):
        return ["address" if sees_addresses(request.user) else "who", *self.list_display[1:]]

    def get_search_results(self, request, queryset, search_term):
        return with_address(queryset, search_term, request.user), False

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """There is no more to a sign-up than its row of the list."""
        return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)

    @admin.display(description="address")
    def who(self, signup):
        return masked(signup.address)

    @admin.display(description="asked", ordering="asked_at")
    def asked(self, signup):
        return in_words(signup.asked_at)

    @admin.display(description="what became of it")
    def standing(self, signup):
        kind, words = became(signup)
        return format_html('<span class="standing is-{}">{}</span>', kind, words)


def became(signup: SignUp) -> tuple[str, str]:
    """How a sign-up stands, as a kind for its colour and in words. `is_suppressed` was set on it by its list."""
    if signup.used_at:
        return "confirmed", f"Confirmed {in_words(signup.used_at)}"
    if signup.is_suppressed:
        return "left", "Never written to: see the list of that name"
    if signup.mailed_at and signup.is_open():
        return "waiting", f"Mailed {in_words(signup.mailed_at)}; the link was not used yet"
    if signup.mailed_at:
        return "left", f"Mailed {in_words(signup.mailed_at)}; the link ran out unused"
    if signup.attempts >= MOST_ATTEMPTS:
        return "left", "Their mail server does not take our mail"
    if signup.attempts:
        return "waiting", "The mail could not be sent yet; it is tried again"
    return "waiting", "Waits for its mail"
