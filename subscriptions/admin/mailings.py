"""Mailings: their list, and of each how it goes and what can be done."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from config.admin_base import CountedChangeList
from config.admin_forms import in_words
from subscriptions import control, figures, permit
from subscriptions.admin.pages import Act, RecordAdmin, filter_by
from subscriptions.models import Mailing

State = Mailing.State
GOING = (State.WAITING, *control.UNDER_WAY)
CHANGE = "subscriptions.change_mailing"


def _in(*states):
    return lambda mailing, context: mailing.state in states


def _done(verb, words: str):
    """An act of control that says whether it did anything."""
    return lambda mailing, user: words if verb(mailing) else ""


def _queued(verb):
    """An act of control that says how many deliveries wait again."""

    def do(mailing, user) -> str:
        many = verb(mailing)
        return f"{many} {'waits' if many == 1 else 'wait'} to be sent again." if many else ""

    return do


def _having(state: str):
    states = (State.DONE, State.SENDING, State.PAUSED)
    return lambda mailing, context: mailing.state in states and context["report"]["counts"][state]


ACTS = {
    "now": Act("Send now", _done(control.send_now, "It goes out now."), CHANGE, _in(State.WAITING)),
    "pause": Act("Pause", _done(control.pause, "Paused."), CHANGE, _in(*control.UNDER_WAY)),
    "resume": Act("Go on", _done(control.resume, "It goes on."), CHANGE, _in(State.PAUSED)),
    "send": Act(
        "Send anyway",
        _done(control.resume, "It will be sent."),
        CHANGE,
        _in(State.HELD),
        "It was held because it may be late, or may have been sent before. Everybody who is still waiting in its list "
        "gets it. Readers who had it already, from another copy of this database, would get it twice.",
    ),
    "drop": Act("Do not send", _done(control.cancel, "It will not be sent."), CHANGE, _in(State.HELD)),
    "cancel": Act(
        "Stop for good",
        _done(control.cancel, "Stopped. Who has not been sent it yet will not get it."),
        CHANGE,
        _in(*GOING, State.PAUSED),
        "Whoever has not been sent it yet never gets it. To stop for a while only, pause it.",
        is_grave=True,
    ),
    "retry": Act("Retry failed", _queued(control.retry_failed), CHANGE, _having("failed")),
    "resend": Act(
        "Resend unknown",
        _queued(control.resend_unknown),
        CHANGE,
        _having("unknown"),
        "Of these nobody can know whether they arrived: the connection ended after the mail had been handed over and "
        "before the mail server answered. Most of them did arrive. If you send them again those readers get a second "
        "copy; it has the same Message-ID, by which many mail programs show it once.",
    ),
}


class MailingList(CountedChangeList):
    """The list, with the counts of all its rows in one query."""

    def get_results(self, request):
        super().get_results(request)
        self.result_list = list(self.result_list)
        figures.count_states(self.result_list)


@admin.register(Mailing)
class MailingAdmin(RecordAdmin):
    list_display = ["subject", "standing", "due", "recipients", "accepted", "to_come", "failed", "unknown"]
    list_filter = [filter_by("state", State.choices), filter_by("kind", Mailing.Kind.choices)]
    ordering = ["-due_at", "-pk"]
    sortable_by = ["due"]
    acts = ACTS

    def get_changelist(self, request, **kwargs):
        return MailingList

    def list_queryset(self, queryset):
        return figures.listed(queryset)

    @admin.display(description="letter")
    def subject(self, mailing):
        return figures.subject_of(mailing)

    @admin.display(description="state")
    def standing(self, mailing):
        words = mailing.get_state_display()
        return format_html('<span class="standing is-{}">{}</span>', mailing.state, words)

    @admin.display(description="due", ordering="due_at")
    def due(self, mailing):
        return in_words(mailing.due_at)

    @admin.display(description="readers")
    def recipients(self, mailing):
        return f"{mailing.total:,}" if mailing.prepared_at else None

    @admin.display(description="accepted")
    def accepted(self, mailing):
        return f"{mailing.counts['accepted']:,}" if mailing.prepared_at else None

    @admin.display(description="waiting")
    def to_come(self, mailing):
        return f"{mailing.to_come:,}"

    @admin.display(description="failed")
    def failed(self, mailing):
        return f"{mailing.counts['failed']:,}"

    @admin.display(description="unknown")
    def unknown(self, mailing):
        return f"{mailing.counts['unknown']:,}"

    def record_name(self, request, record):
        return record.content.get("subject") or (str(record.review) if record.review else str(record))

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("review__film", "created_by")

    def record_context(self, request, record):
        report = control.report(record)
        counts = report["counts"]
        lines = [
            ("Accepted by their mail servers", counts["accepted"]),
            ("Waiting", counts["queued"] + counts["claimed"]),
            ("Being sent", counts["sending"]),
            ("Failed", counts["failed"]),
            ("Unknown", counts["unknown"]),
            ("Left out", counts["excluded"]),
        ]
        return {
            "report": report,
            "lines": lines,
            "aftermath": figures.aftermath(record),
            "left_out": figures.left_out(record),
            "is_live": record.state in GOING,
            "forbidden": permit.why_not() if record.state in GOING else "",
            "view_url": reverse("subscriptions:mailing", args=[record.identity]) if record.started_at else "",
        }
