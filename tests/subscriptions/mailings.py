"""Mailings in the states that tests begin with."""

from datetime import datetime

from django.utils import timezone

from reviews.models import Review
from subscriptions import control, preparing, releases, sending
from subscriptions.models import Mailing
from tests.factories import ReviewFactory, SubscriberFactory


def just_published(**values) -> Review:
    """A review that went public at this moment, which may be mailed."""
    return ReviewFactory(**({"published_at": timezone.now()} | values))


def waiting_mailing(review: Review | None = None, now: datetime | None = None) -> Mailing:
    """The mailing of a review that an editor has decided to mail, with its minutes of grace running."""
    review = review or just_published()
    now = now or timezone.now()
    releases.decide(review, "now", now=now)
    releases.release_due(now)
    return Mailing.objects.get(review=review)


def started_mailing(review: Review | None = None, readers: int = 0) -> Mailing:
    """A mailing that is to be prepared, to so many new readers and whoever was there before."""
    SubscriberFactory.create_batch(readers)
    mailing = waiting_mailing(review)
    control.send_now(mailing)
    sending.start_due(timezone.now())
    return mailing


def ready_mailing(review: Review | None = None, readers: int = 0) -> Mailing:
    """The same, whose recipients are written down."""
    mailing = started_mailing(review, readers)
    assert preparing.prepare(mailing)
    mailing.refresh_from_db()
    return mailing


def send_all(mailing: Mailing) -> None:
    """Slices of sending as a worker runs them, until nothing is left to do at this moment."""
    while sending.send(mailing):
        pass
    mailing.refresh_from_db()


def states(mailing: Mailing) -> dict[str, int]:
    """How many deliveries are in each state; those that have none are left out."""
    report = control.report(mailing)
    assert sum(report["counts"].values()) == report["total"]
    return {state: count for state, count in report["counts"].items() if count}
