"""A week of a publication with digests: reviews that are released, and what the worker does at a moment."""

from datetime import UTC, datetime, timedelta

import time_machine

from subscriptions import digests, preparing, releases, sending
from subscriptions.models import Mailing
from tests.factories import FilmFactory, ReviewFactory, SubscriberFactory
from tests.subscriptions.mailings import send_all

MONDAY = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of the week that begins on MONDAY, and of those after it."""
    return MONDAY.replace(hour=0, minute=0) + timedelta(days=day, hours=hour, minutes=minute)


def reader(rhythm="weekly", **values):
    return SubscriberFactory(**({"rhythm": rhythm, "day": 4, "hour": 8, "confirmed_at": LONG_AGO} | values))


def release(moment: datetime, choice="digest", **values):
    review = ReviewFactory(published_at=moment, **values)
    releases.decide(review, choice, now=moment)
    releases.release_due(moment)
    return review


def run(moment: datetime) -> list[Mailing]:
    """Everything the worker does at a moment; the digests that were prepared then."""
    with time_machine.travel(moment):
        digests.make_due(moment)
        sending.start_due(moment)
        for mailing in Mailing.objects.filter(state="preparing"):
            preparing.prepare(mailing)
        ready = list(Mailing.objects.filter(state="sending"))
        for mailing in ready:
            send_all(mailing)
    return ready


def got(subscriber) -> list[list[str]]:
    """The titles in each letter a reader got, by letter."""
    letters = []
    for delivery in subscriber.deliveries.filter(state="accepted").select_related("mailing").order_by("pk"):
        items, _reasons = sending.read_reasons(delivery.reasons)
        content = delivery.mailing.content["items"]
        letters.append([content[place]["title"] for place in (range(len(content)) if items is None else items)])
    return letters


def film(title: str):
    return FilmFactory(title=title)
