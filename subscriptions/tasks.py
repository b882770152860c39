"""What the workers do for subscriptions: sweeps, and tasks that only nudge them."""

import logging
from contextlib import contextmanager
from datetime import datetime

from django.core.cache import cache
from django.tasks import task
from django.utils import timezone

from config.tasks import enqueue_on_commit, every
from subscriptions import (
    control,
    digests,
    importing,
    ledger,
    mailbox,  # noqa: F401 - has sweeps of its own
    opt_in,
    preparing,
    privacy,
    releases,
    sending,
)
from subscriptions.models import Mailing

logger = logging.getLogger(__name__)

NUDGE_SECONDS = 15
SWEEP_SECONDS = 5  # at most this long somebody who signed up waits for the mail


@task(queue_name="mail")
def write_sign_ups() -> int:
    """Mail those who have just signed up, confirmed or moved."""
    return opt_in.write_due()


def nudge_sign_ups() -> None:
    """Have a worker mail sign-ups at once, unless one was asked a moment ago: a flood of forms is no flood of tasks,
    and the sweep finds what is left."""
    try:
        is_first = cache.add("sign-ups", True, timeout=SWEEP_SECONDS)
    except Exception:
        logger.warning("The cache cannot be reached; sign-ups wait for the sweep", exc_info=True)
        return
    if is_first:
        enqueue_on_commit(write_sign_ups)


@every(seconds=SWEEP_SECONDS)
def write_sign_ups_left() -> int:
    """The same, for those a nudge was lost for or whose mail failed."""
    return opt_in.write_due()


@every(seconds=3600)
def forget() -> int:
    """Delete old sign-ups, lists nobody imported, and what of deleted addresses is left in SQLite's log."""
    forgotten = opt_in.forget_old()
    importing.forget_uploads()
    privacy.scrub()
    return forgotten


@task(queue_name="mail")
def go_on(pk: int) -> int:
    """Prepare or send a mailing for some seconds, and ask for the next turn if there is more; how many were tried."""
    can_ask = _take_back_nudge(pk)
    mailing = Mailing.objects.filter(pk=pk).first()
    if mailing is None or not sending.look_after(mailing, timezone.now()):
        return 0
    was_preparing = mailing.state == Mailing.State.PREPARING
    if was_preparing:
        preparing.prepare(mailing)
    tried = sending.send(mailing)
    if can_ask and (tried or was_preparing) and _has_work(mailing):  # else the sweep asks, and not in a hurry
        nudge(mailing)
    return tried


def nudge(mailing: Mailing) -> None:
    """Ask a worker to go on with a mailing, unless one was asked a moment ago."""
    try:
        is_first = cache.add(f"mailing:{mailing.pk}", True, timeout=NUDGE_SECONDS)
    except Exception:
        logger.warning("The cache cannot be reached; mailing %s goes on without asking", mailing.pk, exc_info=True)
        is_first = True
    if is_first:
        go_on.enqueue(mailing.pk)


def _take_back_nudge(pk: int) -> bool:
    """From now on a worker may be asked again. False if the cache cannot be reached: then only the sweep asks, for
    tasks that ask for the next one would grow in number."""
    try:
        cache.delete(f"mailing:{pk}")
    except Exception:
        return False
    return True


def _has_work(mailing: Mailing) -> bool:
    mailing = Mailing.objects.filter(pk=mailing.pk).first()
    if mailing is None or mailing.senders.exists():
        return False
    return mailing.state == Mailing.State.PREPARING or sending.is_sendable(mailing, timezone.now())


@every(seconds=5)
def keep_sending() -> None:
    """Everything between a published review and its letters that is due. The database knows how far each has come."""
    now = timezone.now()
    ledger.recover(now)
    releases.release_due(now)
    sending.start_due(now)
    for mailing in Mailing.objects.filter(state__in=control.UNDER_WAY):
        with _others_go_on(mailing):
            _keep_going(mailing, now)
    for mailing in Mailing.objects.filter(state=Mailing.State.CANCELLED, deliveries__state="queued").distinct():
        with _others_go_on(mailing):
            control.leave_out_rest(mailing, now)


def _keep_going(mailing: Mailing, now: datetime) -> None:
    if not sending.look_after(mailing, now):
        return
    if _has_work(mailing):
        nudge(mailing)
    else:
        sending.finish(mailing)


@contextmanager
def _others_go_on(mailing: Mailing):
    """What goes wrong with one mailing keeps no other from its turn."""
    try:
        yield
    except Exception:
        logger.exception("Mailing %s cannot go on", mailing.pk)


@every(seconds=60)
def make_digests() -> int:
    """Make the digests of the hour that has just begun."""
    return digests.make_due(timezone.now())
