"""What a person may do to a mailing, and how it stands.

Every verb is one conditional UPDATE: two people who press at once do no harm, and the second is told by False that
nothing was left to do. Workers look at the mailing's state before each mail."""

from datetime import datetime

from django.db import transaction
from django.db.models import Case, Count, Q, Value, When
from django.utils import timezone

from subscriptions import digests, pacing
from subscriptions.models import Delivery, Mailing

State = Mailing.State
OVER = (State.DONE, State.CANCELLED)
TO_COME = (State.WAITING, State.HELD)
UNDER_WAY = (State.PREPARING, State.SENDING)


def _this(mailing: Mailing, *states: str):
    return Mailing.objects.filter(pk=mailing.pk, state__in=states)


def pause(mailing: Mailing, reason: str = "Paused by an editor.") -> bool:
    """Send no more for now. Mails in hand at this instant, one for each connection, still go out."""
    return bool(_this(mailing, *UNDER_WAY).update(state=State.PAUSED, reason=reason))


def resume(mailing: Mailing) -> bool:
    """Go on where it stopped: after a pause, or with what was held for a person's word."""
    where = Case(
        When(prepared_at__isnull=False, then=Value(State.SENDING)),
        When(started_at__isnull=False, then=Value(State.PREPARING)),
        default=Value(State.WAITING),
    )
    held = _this(mailing, State.HELD, State.PAUSED)
    with transaction.atomic():
        # An overdue one, or one left alone, would be held again for being late: its time is now.
        now = timezone.now()
        held.filter(started_at=None).update(due_at=now)
        return bool(held.update(state=where, reason="", refusals=0, rest_until=None, attended_at=now))


def send_now(mailing: Mailing) -> bool:
    """Send a mailing that waits for its time, or for the end of the minutes in which it can be stopped."""
    return bool(_this(mailing, State.WAITING).update(due_at=timezone.now()))


def cancel(mailing: Mailing, now: datetime | None = None) -> bool:
    """Stop for good. Who has not been sent it yet never will be, unless nobody was and it is decided anew."""
    now = now or timezone.now()
    states = (*TO_COME, *UNDER_WAY, State.PAUSED)
    with transaction.atomic():
        if not _this(mailing, *states).update(state=State.CANCELLED, reason="", finished_at=now, rest_until=None):
            return False
        leave_out_rest(mailing, now)
    return True


def leave_out_rest(mailing: Mailing, now: datetime) -> int:
    """Leave out the readers a cancelled mailing did not reach; how many."""
    queued = mailing.deliveries.filter(state=Delivery.State.QUEUED, mailing__state=State.CANCELLED)
    return queued.update(state=Delivery.State.EXCLUDED, answer="Cancelled", changed_at=now)


def hold_everything(reason: str) -> int:
    """Have a person look at each mailing that is not over, before anything more is sent; how many."""
    unfinished = Mailing.objects.filter(state__in=[State.WAITING, *UNDER_WAY, State.PAUSED])
    return unfinished.update(state=State.HELD, reason=reason)


def retry_failed(mailing: Mailing, now: datetime | None = None) -> int:
    """Try once more where the mail server refused; how many. Touches nobody who may have it."""
    return _queue_again(mailing, Delivery.State.FAILED, now)


def resend_unknown(mailing: Mailing, now: datetime | None = None) -> int:
    """Send again where nobody knows whether it arrived; how many. The Message-ID is the same, so that a mail program
    can tell a second copy."""
    return _queue_again(mailing, Delivery.State.UNKNOWN, now)


def _queue_again(mailing: Mailing, state: str, now: datetime | None) -> int:
    now = now or timezone.now()
    with transaction.atomic():
        # The mailing first: whoever is about to call it done waits for us, or we for them.
        going = _this(mailing, State.DONE, State.SENDING, State.PAUSED).select_for_update().first()
        if going is None:
            return 0
        if state == Delivery.State.FAILED:  # later digests made up for it
            digests.leave_out_had(mailing, state)
        again = mailing.deliveries.filter(state=state).update(
            state=Delivery.State.QUEUED, attempts=0, not_before=None, worker="", changed_at=now
        )
        if again:
            fresh = {"finished_at": None, "refusals": 0, "rest_until": None, "attended_at": now}
            _this(mailing, State.DONE).update(state=State.SENDING, **fresh)
        return again


def report(mailing: Mailing, now: datetime | None = None) -> dict:
    """How it stands, for the page of a mailing: the counts add up to the total once it is prepared.

    counts: a number for every state of Delivery; total; left_to_send; failures: (what the server said, how many),
    the most frequent first, at most ten; retries_at: when the next of those that were put off is tried;
    ends_at: when it will end, by the provider's limits and the speed so far, or None if nobody knows."""
    now = now or timezone.now()
    counts = dict.fromkeys(Delivery.State.values, 0)
    counts |= dict(mailing.deliveries.order_by().values_list("state").annotate(Count("pk")))
    failed = mailing.deliveries.filter(state=Delivery.State.FAILED).order_by()
    put_off = mailing.deliveries.filter(Q(not_before__gt=now), state=Delivery.State.QUEUED)
    left = counts["queued"] + counts["claimed"] + counts["sending"]
    return {
        "counts": counts,
        "total": mailing.total if mailing.prepared_at else sum(counts.values()),
        "left_to_send": left,
        "failures": list(failed.values_list("answer").annotate(many=Count("pk")).order_by("-many", "answer")[:10]),
        "retries_at": put_off.order_by("not_before").values_list("not_before", flat=True).first(),
        "ends_at": pacing.ends_at(left, now) if mailing.state == State.SENDING else None,
    }
