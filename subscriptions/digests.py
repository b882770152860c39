"""Digests: one letter for all that is new to a reader, at the hour each chose.

A mailing stands for an hour of the publication's time zone and a rhythm, and holds everything any of its readers can
get. What a reader had is known by reader and review, not by time: so nothing is lost by a change of day, a worker that
was away, a review that was public again later or a letter that failed, and nothing comes twice in whatever order
mailings are held, paused and sent. Nobody gets what was released before they confirmed, more than LOOKBACK ago, or
before `digests_from` of theirs: what they missed in a pause, or did not ask for at the time."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from reviews.models import Review
from subscriptions.matching import Followed
from subscriptions.models import Delivery, Mailing, Release, SendingPermit, Subscriber
from subscriptions.models.mailing import OLD

Rhythm = Subscriber.Rhythm
PERIOD = {Rhythm.DAILY: timedelta(days=1), Rhythm.WEEKLY: timedelta(days=7)}
SENTENCE = {
    Rhythm.DAILY: "You asked for a letter once a day",
    Rhythm.WEEKLY: "You asked for a letter once a week",
    Rhythm.EACH: "You get every review by itself from now on; this is what came before",
}
LOOKBACK = timedelta(days=35)  # older reviews are no news, whoever has not had them
CATCH_UP = timedelta(days=1)  # hours that were missed for longer are left out; what they held is in the next
LOST = (Delivery.State.FAILED, Delivery.State.EXCLUDED)
AN_INSTANT = timedelta(microseconds=1)
A_WEEK = timedelta(days=8)  # with the hour that a change of clocks may add
BATCH = 5_000
ROWS = 500  # in one statement

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
    """Who receives a digest at one of these hours. Who has changed to every review gets one more, at their hour of
    the day."""
    if rhythm == Rhythm.WEEKLY:
        wanted = Q(rhythm=rhythm) & Q.create([Q(day=day, hour=hour) for day, hour in hours], Q.OR)
    else:
        changed = Q(rhythm=Rhythm.EACH, last_digest_to__gt=now - LOOKBACK)
        wanted = (Q(rhythm=rhythm) | changed) & Q(hour__in={hour for _day, hour in hours})
    return Subscriber.objects.receiving(now).filter(wanted)


def readers_of(digest: Mailing, now: datetime) -> QuerySet[Subscriber]:
    """Who receives this digest at this moment: by the hours it was made for, whatever the clock shows by now."""
    hours = {(day, hour) for day, hour in digest.hours}
    if not hours:  # made before the hours were kept
        local = digest.slot.astimezone(timezone.get_default_timezone())
        hours = hours_between(digest.slot - AN_INSTANT, digest.slot).get(digest.slot, {(local.weekday(), local.hour)})
    return readers_at(digest.rhythm, hours, now)


def released_between(after: datetime, until: datetime) -> QuerySet[Release]:
    """What digests of this time may hold: not what was decided to be mailed to nobody, nor what is public no more, nor
    what was back-dated after the decision."""
    public = Review.objects.published().dated_since(OuterRef("decided_at") - OLD).filter(pk=OuterRef("review"))
    found = Release.objects.filter(Exists(public.order_by()), released_at__gt=after, released_at__lte=until)
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


def _grace() -> timedelta:
    """The letters of a review have a time in which they can be stopped; until then no digest has it either."""
    return timedelta(minutes=settings.NEWSLETTER_GRACE_MINUTES)


def _make(rhythm: str, slot: datetime, hours: set[Hour], now: datetime) -> bool:
    covers_to = slot - _grace()
    if not released_between(covers_to - LOOKBACK, covers_to).exists() or not readers_at(rhythm, hours, now).exists():
        return False
    values = {"due_at": slot, "covers_to": covers_to, "hours": sorted(hours), "identity": uuid4()}
    return Mailing.objects.get_or_create(kind=Mailing.Kind.DIGEST, rhythm=rhythm, slot=slot, defaults=values)[1]


# --- What readers asked for, and when ---------------------------------------------------------------


def own_hours(subscriber: Subscriber, rhythm: str, after: datetime, until: datetime) -> list[datetime]:
    """When digests of a rhythm are due for a reader in a time, in order."""
    is_daily = rhythm == Rhythm.DAILY
    return [
        slot
        for slot, hours in hours_between(after, until).items()
        if any(hour == subscriber.hour and (is_daily or day == subscriber.day) for day, hour in hours)
    ]


def covered_until(subscriber: Subscriber, moment: datetime, rhythm: str | None = None) -> datetime:
    """Up to where the last digest before a moment went; for who gets every review by itself, the moment."""
    rhythm = rhythm or subscriber.rhythm
    if rhythm == Rhythm.EACH:
        return moment
    return own_hours(subscriber, rhythm, moment - A_WEEK, moment - AN_INSTANT)[-1] - _grace()


def ask_for_more(subscriber: Subscriber, rhythm: str | None = None, now: datetime | None = None) -> None:
    """Have a reader who asks for more than before get it from here on, and not what is weeks old: digests begin with
    the last that was due a day ago, since younger ones may still be on their way."""
    begin = covered_until(subscriber, (now or timezone.now()) - CATCH_UP, rhythm)
    subscriber.digests_from = max(begin, subscriber.digests_from or begin)


# --- What each reader gets --------------------------------------------------------------------------


class Digest:
    """What a digest mailing can hold, and which of it each reader gets.

    Before it has a snapshot that is everything new; after that what the snapshot holds, as far as it is public."""

    def __init__(self, rhythm: str, covers_to: datetime, mailing: Mailing | None = None):
        self.rhythm, self.covers_to, self.mailing = rhythm, covers_to, mailing
        self.oldest = covers_to - LOOKBACK
        releases = released_between(self.oldest, covers_to)
        released = dict(releases.values_list("review_id", "released_at"))
        order = mailing.review_ids if mailing and mailing.content else list(released)
        withdrawn = mailing.withdrawn_ids if mailing else []
        self.places = {pk: place for place, pk in enumerate(order)}
        self.released = {pk: released[pk] for pk in order if pk in released and pk not in withdrawn}
        self._followed: dict[frozenset[int], Followed] = {}

    @cached_property
    def reviews(self) -> list[Review]:
        loaded = Review.objects.with_authors().for_page().in_bulk(self.released)
        return [loaded[pk] for pk in self.released if pk in loaded]

    @cached_property
    def followed(self) -> Followed:
        return self._followed_of(frozenset(self.released))

    def _followed_of(self, reviews: frozenset[int]) -> Followed:
        if reviews not in self._followed:
            self._followed[reviews] = Followed(Review(pk=pk) for pk in reviews)
        return self._followed[reviews]

    def choose(self, readers: Sequence[Subscriber]) -> dict[int, dict]:
        """For readers in the order of their keys: the places of the reviews each gets, and why.

        Most readers had the same digest before and have the same few reviews before them; the others are looked at
        apart, so that the work for a reader does not grow with all that is LOOKBACK old or younger."""
        before = _Before(self, readers)
        usual, _many = Counter(before.open.values()).most_common(1)[0]
        many = [reader for reader in readers if before.open[reader.pk] == usual]
        others = [reader for reader in readers if before.open[reader.pk] != usual]
        chosen = self._choose(many, usual, before, before.keys)
        if others:
            reviews = frozenset().union(*(before.open[reader.pk] for reader in others))
            keys = {"subscriber__in": [reader.pk for reader in others]}
            chosen |= self._choose(others, reviews, before, keys)
        return chosen

    def _choose(self, readers: list[Subscriber], reviews: frozenset[int], before: "_Before", keys: dict) -> dict:
        if not reviews:
            return {}
        had = before.had(reviews, keys)
        followed = self._followed_of(reviews).reasons(Q(**keys))
        newest_first = sorted(reviews, key=self.places.__getitem__)
        chosen = {}
        for reader in readers:
            wanted, why = before.open[reader.pk], followed.get(reader.pk, {})
            since, until = self._since(reader), self._until(reader)
            items = [
                pk
                for pk in newest_first
                if pk in wanted
                and since < self.released[pk] <= until
                and (pk in why or not reader.only_followed)
                and (reader.pk, pk) not in had
            ]
            if items:
                chosen[reader.pk] = {
                    "items": [self.places[pk] for pk in items],
                    "reasons": self._said(reader, items, why),
                }
        return chosen

    def _since(self, reader: Subscriber) -> datetime:
        return max(reader.confirmed_at, self.oldest, reader.digests_from or self.oldest)

    def _until(self, reader: Subscriber) -> datetime:
        return (reader.last_digest_to or self.covers_to) if reader.rhythm == Rhythm.EACH else self.covers_to

    def _said(self, reader: Subscriber, items: list[int], why: dict[int, list[str]]) -> list[str]:
        said = [sentence for pk in items for sentence in why.get(pk, [])]
        if not reader.only_followed:
            said.append(SENTENCE[Rhythm.EACH if reader.rhythm == Rhythm.EACH else self.rhythm])
        return list(dict.fromkeys(said))


class _Before:
    """What some readers, in the order of their keys, had before a digest, and what is open: not decided about yet.

    When an earlier digest was prepared for a reader, everything in it was decided about: what they did not get then
    they had, or did not ask for. Open is the rest, and what was lost or withdrawn afterwards."""

    def __init__(self, digest: Digest, readers: Sequence[Subscriber]):
        self.keys = {"subscriber__gte": readers[0].pk, "subscriber__lte": readers[-1].pk}
        everything = frozenset(digest.released)
        self.letters = _letters_with(everything, digest.oldest, digest.mailing)
        left = {
            letter.pk: everything.difference(letter.reviews) | everything.intersection(letter.withdrawn)
            for letter in self.letters
            if letter.covers_to
        }
        recent = digest.covers_to - PERIOD[digest.rhythm]
        new = [letter.pk for letter in self.letters if letter.covers_to and letter.covers_to >= recent]
        last, lost = self._last(readers, new, left.keys() - set(new)), self._lost(everything)
        self.open = {reader.pk: left[last[reader.pk]] if reader.pk in last else everything for reader in readers}
        for reader in self.open.keys() & lost.keys():
            self.open[reader] |= lost[reader]

    def had(self, reviews: Collection[int], keys: dict) -> set[tuple[int, int]]:
        """Which readers got, or are about to get, which of these reviews in another letter."""
        rows = Delivery.objects.filter(**keys).exclude(state__in=LOST)
        return _pairs(self.letters, rows, reviews)

    def _last(self, readers: Sequence[Subscriber], new: Collection[int], older: Collection[int]) -> dict[int, int]:
        """By reader: a digest that came to them, of the last period if there is one. The older ones, with a row of each
        reader for each day, are asked about the others only."""
        rows = Delivery.objects.exclude(state__in=LOST).order_by().values_list("subscriber_id")
        rows = rows.annotate(Max("mailing_id"))
        found = dict(rows.filter(mailing__in=new, **self.keys))
        missing = [reader.pk for reader in readers if reader.pk not in found]
        return found | dict(rows.filter(mailing__in=older, subscriber__in=missing))

    def _lost(self, reviews: frozenset[int]) -> dict[int, set[int]]:
        """By reader: those of the reviews that were in letters which did not reach them."""
        found = defaultdict(set)
        for reader, review in _pairs(self.letters, Delivery.objects.filter(**self.keys, state__in=LOST), reviews):
            found[reader].add(review)
        return found


class _Letter(NamedTuple):
    """A mailing without its snapshot: the reviews in it, in their order there. Only digests cover a time."""

    pk: int
    reviews: list[int]
    withdrawn: list[int]
    covers_to: datetime | None


def _letters_with(reviews: Collection[int], since: datetime, but: Mailing | None) -> list[_Letter]:
    """The mailings, other than one, that hold any of these reviews, none of which was released before a moment."""
    others = Mailing.objects.order_by("pk").exclude(pk=but and but.pk)
    digests = others.filter(kind=Mailing.Kind.DIGEST, covers_to__gte=since)
    found = [_Letter(*row) for row in digests.values_list("pk", "review_ids", "withdrawn_ids", "covers_to")]
    singles = others.filter(kind=Mailing.Kind.REVIEW, review__in=reviews).values_list("pk", "review_id")
    holding = [letter for letter in found if not set(reviews).isdisjoint(letter.reviews)]
    return holding + [_Letter(pk, [review], [], None) for pk, review in singles]


def _pairs(letters: Collection[_Letter], rows: QuerySet[Delivery], wanted: Collection[int]) -> set[tuple[int, int]]:
    """Readers and wanted reviews that stand together in some deliveries of these letters. One query."""
    wanted = frozenset(wanted)
    held = {letter.pk: letter.reviews for letter in letters if not wanted.isdisjoint(letter.reviews)}
    found = set()
    for reader, letter, why in rows.filter(mailing__in=list(held)).values_list("subscriber", "mailing", "reasons"):
        reviews = held[letter]
        places = why["items"] if isinstance(why, dict) else range(len(reviews))
        found.update((reader, reviews[place]) for place in places if reviews[place] in wanted)
    return found


def readers_who_had(review: Review, released_at: datetime) -> set[int]:
    """Keys of the readers who got, or are about to get, a review in a digest."""
    digests = [letter for letter in _letters_with([review.pk], released_at, None) if letter.covers_to]
    return {reader for reader, _review in _pairs(digests, Delivery.objects.exclude(state__in=LOST), [review.pk])}


def is_in_digests(review: Review, released_at: datetime) -> bool:
    """Whether a reader got, or is about to get, a review in a digest; also while nobody knows yet who does, since a
    digest that holds it is being prepared."""
    unready = Mailing.objects.filter(kind=Mailing.Kind.DIGEST, prepared_at=None).exclude(state=Mailing.State.CANCELLED)
    held = unready.exclude(content={}).values_list("review_ids", flat=True)
    return any(review.pk in reviews for reviews in held) or bool(readers_who_had(review, released_at))


# --- What is left out of letters that were prepared -------------------------------------------------


def leave_out_had(mailing: Mailing, state: str) -> None:
    """Of deliveries in a state that are to be sent after all: leave out what their readers have from another letter by
    now. By batches of readers, each with the same number of queries. Within a transaction."""
    is_digest = mailing.kind == Mailing.Kind.DIGEST
    reviews = mailing.review_ids if is_digest else [mailing.review_id]
    since = Release.objects.filter(review__in=reviews).aggregate(Min("released_at"))["released_at__min"]
    letters = _letters_with(reviews, since or mailing.created_at - LOOKBACK, mailing)
    rows, others = mailing.deliveries.filter(state=state), Delivery.objects.exclude(state__in=LOST)
    for batch in _batches(rows):
        keys = {"subscriber__gte": batch[0].subscriber_id, "subscriber__lte": batch[-1].subscriber_id}
        held = {mailing.review_ids[place] for row in batch for place in row.reasons["items"]} if is_digest else reviews
        had = _pairs(letters, others.filter(**keys), held)
        _leave_out(mailing, batch, had, "It came in another letter")


def leave_out_withdrawn(digest: Mailing) -> None:
    """Of a digest that is prepared or sent: leave out reviews that readers cannot see any more."""
    public = Review.objects.published().filter(pk__in=digest.review_ids).values_list("pk", flat=True)
    gone = set(digest.review_ids).difference(public, digest.withdrawn_ids)
    if not gone:
        return
    digest.withdrawn_ids = sorted({*digest.withdrawn_ids, *gone})
    to_come = (Delivery.State.QUEUED, Delivery.State.CLAIMED)
    with transaction.atomic():
        Mailing.objects.filter(pk=digest.pk).update(withdrawn_ids=digest.withdrawn_ids)
        for batch in _batches(digest.deliveries.filter(state__in=to_come)):
            pairs = {(row.subscriber_id, review) for row in batch for review in gone}
            _leave_out(digest, batch, pairs, "Its reviews are not public any more")


def _batches(rows: QuerySet[Delivery]) -> Iterator[list[Delivery]]:
    """Deliveries by their readers' keys, locked. Who was deleted gets nothing anyway."""
    rows, last = rows.select_for_update().order_by("subscriber_id").only("subscriber_id", "reasons"), 0
    while batch := list(rows.filter(subscriber__gt=last)[:BATCH]):
        yield batch
        last = batch[-1].subscriber_id


def _leave_out(mailing: Mailing, rows: list[Delivery], pairs: set[tuple[int, int]], answer: str) -> None:
    shorter, empty = [], []
    for row in rows:
        if isinstance(row.reasons, dict):
            places = row.reasons["items"]
            items = [place for place in places if (row.subscriber_id, mailing.review_ids[place]) not in pairs]
            if items and items != places:
                row.reasons = row.reasons | {"items": items}
                shorter.append(row)
            if items:
                continue
        elif (row.subscriber_id, mailing.review_id) not in pairs:
            continue
        empty.append(row.pk)
    Delivery.objects.bulk_update(shorter, ["reasons"], batch_size=ROWS)
    left_out = {"state": Delivery.State.EXCLUDED, "answer": answer, "changed_at": timezone.now()}
    Delivery.objects.filter(pk__in=empty).update(**left_out)
