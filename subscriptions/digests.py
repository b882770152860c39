"""Digests: one letter for all reviews since the last one, at the hour each reader chose.

A mailing stands for an hour of the publication's time zone and a rhythm. It covers what was released since a reader's
last digest; who had none yet gets what came since they joined, or one period. Nobody gets what was released before they confirmed, nor a review they
already got in a letter of its own."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from uuid import uuid4

from django.conf import settings
from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone

from reviews.models import Review
from subscriptions.matching import Followed
from subscriptions.models import Delivery, Mailing, Release, SendingPermit, Subscriber

PERIOD = {Subscriber.Rhythm.DAILY: timedelta(days=1), Subscriber.Rhythm.WEEKLY: timedelta(days=7)}
SENTENCE = {
    Subscriber.Rhythm.DAILY: "You asked for a letter once a day",
    Subscriber.Rhythm.WEEKLY: "You asked for a letter once a week",
}
LOOKBACK = timedelta(days=35)  # who was paused for longer does not get everything
CATCH_UP = timedelta(days=1)  # hours that were missed for longer are left out; what they held is in the next
LOST = (Delivery.State.FAILED, Delivery.State.EXCLUDED)

Hour = tuple[int, int]
"""Day of the week, 0 for Monday, and hour: as a clock on the wall shows them."""


def hours_between(after: datetime, until: datetime) -> dict[datetime, set[Hour]]:
    """The moments at which an hour begins on the publication's clock, with the hours that begin then.

    In the night when clocks go forward two hours begin at once, the one that is left out and the next; in the other
    night the hour that comes twice counts the first time."""
    zone = timezone.get_default_timezone()
    first, last = (moment.astimezone(zone).date() for moment in (after, until))
    found = defaultdict(set)
    for days in range(-1, (last - first).days + 2):
        day = first + timedelta(days=days)
        for hour in range(24):
            moment = datetime.combine(day, time(hour), zone).astimezone(UTC)
            if after < moment <= until:
                found[moment].add((day.weekday(), hour))
    return dict(sorted(found.items()))


def readers_at(rhythm: str, hours: set[Hour], now: datetime) -> QuerySet[Subscriber]:
    """Who receives a digest at one of these hours."""
    readers = Subscriber.objects.receiving(now).filter(rhythm=rhythm)
    if rhythm == Subscriber.Rhythm.DAILY:
        return readers.filter(hour__in={hour for _day, hour in hours})
    return readers.filter(Q.create([Q(day=day, hour=hour) for day, hour in hours], Q.OR))


def released_between(after: datetime, until: datetime) -> QuerySet[Release]:
    """What digests of this time may hold: not what was decided to be mailed to nobody, nor what is public no more."""
    public = Review.objects.published().order_by()
    found = Release.objects.filter(released_at__gt=after, released_at__lte=until, review__in=public)
    return found.exclude(choice=Release.Choice.NONE).order_by("-released_at", "-pk")


def make_due(now: datetime) -> int:
    """Make the mailings of the hours that have begun since the last look; how many."""
    until = SendingPermit.current().digests_until
    made = 0
    if until is not None:
        for moment, hours in hours_between(max(until, now - CATCH_UP), now).items():
            made += sum(_make(rhythm, moment, hours, now) for rhythm in PERIOD)
    SendingPermit.objects.filter(digests_until=until).update(digests_until=now)
    return made


def _make(rhythm: str, slot: datetime, hours: set[Hour], now: datetime) -> bool:
    # The letters of a review have a time in which they can be stopped; until then no digest has it either.
    covers_to = slot - timedelta(minutes=settings.NEWSLETTER_GRACE_MINUTES)
    if not released_between(covers_to - LOOKBACK, covers_to).exists() or not readers_at(rhythm, hours, now).exists():
        return False
    values = {"due_at": slot, "covers_to": covers_to, "identity": uuid4()}
    return Mailing.objects.get_or_create(kind=Mailing.Kind.DIGEST, rhythm=rhythm, slot=slot, defaults=values)[1]


class Digest:
    """What a digest mailing can hold, and which of it each reader gets."""

    def __init__(self, rhythm: str, covers_to: datetime):
        self.rhythm, self.covers_to = rhythm, covers_to
        self.oldest = covers_to - LOOKBACK
        releases = released_between(self.oldest, covers_to)
        self.released = dict(releases.values_list("review_id", "released_at"))
        loaded = Review.objects.with_authors().for_page().in_bulk(self.released)
        self.reviews: list[Review] = [loaded[pk] for pk in self.released]

    @cached_property
    def followed(self) -> Followed:
        return Followed(self.reviews)

    def choose(self, readers: Sequence[Subscriber]) -> dict[int, dict]:
        """For readers in the order of their keys: the places of the reviews each gets, and why. Three queries."""
        keys = {"subscriber_id__gte": readers[0].pk, "subscriber_id__lte": readers[-1].pk}
        last, had = self._last_digests(keys), self._had(keys)
        followed = self.followed.reasons(Q(**keys))
        chosen = {}
        for reader in readers:
            since = max(reader.confirmed_at, last.get(reader.pk) or self._first_since(reader))
            why = followed.get(reader.pk, {})
            items = [
                place
                for place, review in enumerate(self.reviews)
                if self.released[review.pk] > since
                and (review.pk in why or not reader.only_followed)
                and (reader.pk, review.pk) not in had
            ]
            if items:
                said = [sentence for place in items for sentence in why.get(self.reviews[place].pk, [])]
                said += [] if reader.only_followed else [SENTENCE[self.rhythm]]
                chosen[reader.pk] = {"items": items, "reasons": list(dict.fromkeys(said))}
        return chosen

    def _first_since(self, reader: Subscriber) -> datetime:
        """Where the first digest of a reader begins: when they joined; one period back for those here long ago."""
        is_new = reader.confirmed_at > self.oldest
        return self.oldest if is_new else self.covers_to - PERIOD[self.rhythm]

    def _last_digests(self, keys: dict) -> dict[int, datetime]:
        """Up to when each reader has had digests, of either rhythm."""
        earlier = Mailing.objects.filter(
            kind=Mailing.Kind.DIGEST, covers_to__gt=self.oldest, covers_to__lt=self.covers_to
        )
        rows = Delivery.objects.filter(mailing__in=list(earlier.values_list("pk", flat=True)), **keys)
        return dict(rows.exclude(state__in=LOST).values_list("subscriber_id").annotate(Max("mailing__covers_to")))

    def _had(self, keys: dict) -> set[tuple[int, int]]:
        """Readers and reviews that came together in a letter of its own."""
        single = Mailing.objects.filter(kind=Mailing.Kind.REVIEW, review__in=self.reviews)
        rows = Delivery.objects.filter(mailing__in=list(single.values_list("pk", flat=True)), **keys)
        return set(rows.exclude(state__in=LOST).values_list("subscriber_id", F("mailing__review_id")))


def readers_who_had(review: Review, released_at: datetime) -> set[int]:
    """Keys of the readers who got, or are about to get, a review in a digest."""
    found = set()
    for digest in Mailing.objects.filter(kind=Mailing.Kind.DIGEST, covers_to__gte=released_at).exclude(content={}):
        places = {place for place, item in enumerate(digest.content["items"]) if item["review_id"] == review.pk}
        if places:
            rows = digest.deliveries.exclude(state__in=LOST).values_list("subscriber_id", "reasons")
            found |= {reader for reader, why in rows.iterator() if places & set(why["items"])}
    return found
