"""The books of sending: everything the database is told while mails go out.

A row is `sending`, and that is committed, before its mail is begun; what became of it is written together with the
next rows' `sending`, all in one short transaction. So a killed worker leaves at most one row for each of its
connections of which nobody knows what became. Every statement is conditional on what it expects to find: a worker that
was taken for dead and wakes up changes nothing that is no longer its own.

Plain SQL, since it runs some thousand times a second, and making it anew costs Django more than the database needs."""

import json
import logging
import uuid
from collections import deque
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from subscriptions import bounces, pacing
from subscriptions.addresses import fingerprint_of
from subscriptions.models import Delivery, Mailing, Reception, Sender, Subscriber, Suppression
from subscriptions.outcome import Fate, Outcome
from subscriptions.reports import judge

logger = logging.getLogger(__name__)
State = Delivery.State

CLAIM_AT_ONCE = 200
BEAT_SECONDS = 5
SILENT_SECONDS = 30
"""A sender that has not been heard of for so long is dead."""

_MINUTES = (1, 5, 15, 30, 60, 120, 240, *[480] * 12)  # four days in all: RFC 5321, 4.5.4.1
RETRY_PAUSES = tuple(timedelta(minutes=minutes) for minutes in _MINUTES)
LONGEST_PAUSE = max(RETRY_PAUSES)
"""A time to wait for that is further away was set before the clock was set back, and counts as over."""
MAILING_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 10, 20, 40, 60))
SAID_INSIDE = (Fate.ACCEPTED, Fate.LATER, Fate.FAILED, Fate.BLOCKED, Fate.UNKNOWN)
SAID_OF_THE_ADDRESS = (Fate.FAILED, Fate.LATER)
WEIGHT = {
    Fate.LATER: 1, Fate.FAILED: 1, Fate.UNSENT: 1, Fate.CUT: 1, Fate.UNKNOWN: 1, Fate.BLOCKED: 4,
}  # fmt: skip
SHUT_OUT = (Fate.BUSY, Fate.REFUSED)
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(hours=1)
LONGEST_SHUT = timedelta(days=1)
"""A provider that lets nobody in for the time being is waited for so long before a person has to look."""
MOST_REFUSALS = 20
"""Twenty readers refused in a row, or five times the whole mailing, and a person has to look."""
WHOLE_MAILING = 4
MARKS = {Fate.ACCEPTED: "+", **dict.fromkeys((Fate.FAILED, Fate.UNSENT, Fate.BLOCKED, Fate.UNKNOWN), "-")}
WINDOW = 100
MOST_OF_WINDOW = 0.3
"""So much of the last hundred mails refused, or twenty of fewer, and a person has to look."""
DOUBTED = 5
"""From so many on, what is refused at that rate is taken for the provider's fault and not for the readers'."""
BUSY_PAUSE = timedelta(minutes=5)
PACE_PAUSE = timedelta(seconds=30)

_CLAIM = """
WITH next AS MATERIALIZED (
    SELECT id FROM subscriptions_delivery
    WHERE mailing_id = %s AND state = 'queued' AND (not_before IS NULL OR not_before <= %s OR not_before > %s)
    ORDER BY id LIMIT %s {lock}
)
UPDATE subscriptions_delivery SET state = 'claimed', worker = %s
WHERE id IN (SELECT id FROM next) AND state = 'queued' RETURNING id
"""
_KEYS = """
SELECT d.id, s.key FROM subscriptions_delivery d JOIN subscriptions_subscriber s ON s.id = d.subscriber_id
WHERE d.id IN ({ids})
"""
_RECEIVES = "s.state = 'confirmed' AND (s.paused_until IS NULL OR s.paused_until <= %s)"
_BEGIN = f"""
UPDATE subscriptions_delivery SET
    state = CASE WHEN EXISTS (
        SELECT 1 FROM subscriptions_subscriber s WHERE s.id = subscriber_id AND {_RECEIVES}
    ) THEN 'sending' ELSE 'excluded' END,
    answer = COALESCE((
        SELECT CASE WHEN {_RECEIVES} THEN '' WHEN s.state = 'confirmed' THEN 'Paused' ELSE 'Left' END
        FROM subscriptions_subscriber s WHERE s.id = subscriber_id
    ), 'Deleted'),
    attempts = attempts + 1, changed_at = %s
WHERE id IN ({{ids}}) AND state = 'claimed' AND worker = %s
    AND EXISTS (SELECT 1 FROM subscriptions_mailing m WHERE m.id = mailing_id AND m.state = 'sending')
RETURNING id, state, subscriber_id, attempts, reasons,
    (SELECT address FROM subscriptions_subscriber s WHERE s.id = subscriber_id),
    (SELECT secret FROM subscriptions_subscriber s WHERE s.id = subscriber_id)
"""
_RECORD = """
UPDATE subscriptions_delivery SET state = %s, answer = %s, not_before = %s, attempts = attempts - %s, changed_at = %s
WHERE id = %s AND worker = %s AND state IN ('sending', 'unknown')
"""
# The first condition is the partial index's own, word for word, so that SQLite uses it.
_IN_HAND = "state IN ('claimed', 'sending')"
_HAND_BACK = f"""
UPDATE subscriptions_delivery SET state = 'queued' WHERE {_IN_HAND} AND state = 'claimed' AND worker = %s
"""
_DEAD = "NOT EXISTS (SELECT 1 FROM subscriptions_sender s WHERE s.name = worker)"
_LOST = f"""
UPDATE subscriptions_delivery SET
    state = CASE state WHEN 'claimed' THEN 'queued' ELSE 'unknown' END,
    answer = CASE state WHEN 'claimed' THEN answer ELSE 'The worker ended while it was handing this over.' END,
    changed_at = %s
WHERE {_IN_HAND} AND {_DEAD}
"""


class Evicted(Exception):
    """This sender was silent for so long that others took it for dead and have its work."""


class Parcel(NamedTuple):
    """What a line to the provider needs to know of one delivery."""

    delivery_id: int
    reader_id: int
    address: str
    secret: str
    attempts: int
    reasons: list | dict


class Refused(NamedTuple):
    """A mail that a server refused, and when."""

    parcel: Parcel
    outcome: Outcome
    at: datetime


class Ledger:
    """One sender's part of one mailing. For one thread."""

    def __init__(self, mailing: Mailing):
        self.mailing = mailing
        self.name = str(uuid.uuid4())
        self.stock: deque[int] = deque()
        self.is_dry = False
        """Whether the last look found no more rows to send."""
        self.refusals = mailing.refusals
        self.untold = 0
        """Mails begun that pacing has not been told of."""
        self.is_stopped = False
        """Whether nothing more is to be begun: the mailing rests, is paused, or is no longer to be sent."""
        self.recent: deque[str] = deque(maxlen=WINDOW)
        self.shut_since: datetime | None = None
        self.is_alarmed = False
        self.refused: list[Refused] = []
        """Mails that came to nothing by the word of a mail server, which says something of the reader's address."""

    @contextmanager
    def opened(self):
        """The time in which this sender counts as alive. At its end it has nothing in hand any more."""
        reception, _is_new = Reception.objects.get_or_create(mailing=self.mailing)
        self.recent.extend(reception.recent)
        self.shut_since = reception.shut_since
        Sender.objects.create(name=self.name, mailing=self.mailing, beat_at=Now())
        self._beaten_at = monotonic()
        with _durable():
            try:
                yield self
            finally:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(_HAND_BACK, [self.name])
                    Sender.objects.filter(pk=self.name).delete()
                    self._hand_on()
                    self._tell_pacing()
        self._count_bounces()

    def turn(self, done: Sequence[tuple[Parcel, Outcome]], wanted: int) -> list[Parcel]:
        """Write down what became of mails and begin the next ones, in one transaction; what may be handed over now."""
        if len(self.stock) < wanted and not (self.is_dry or self.is_stopped):
            self._claim()
        with transaction.atomic(), connection.cursor() as cursor:
            self._beat()
            now = timezone.now()
            self._record(cursor, done, now)
            begun, is_spent = self._begin(cursor, wanted, now) if wanted and not self.is_stopped else ([], False)
        if is_spent:  # told when the locks are gone, which workers take in another order
            self._rest(now + PACE_PAUSE)
        return begun

    def record(self, done: Sequence[tuple[Parcel, Outcome]]) -> None:
        """Only write down what became of mails. True is true: also when we were taken for dead meanwhile."""
        with transaction.atomic(), connection.cursor() as cursor:
            self._record(cursor, done, timezone.now())

    def _record(self, cursor, done: Sequence[tuple[Parcel, Outcome]], now: datetime) -> None:
        is_put_off = False
        for parcel, outcome in done:
            state, *entry = _entry(parcel, outcome, now)
            cursor.execute(_RECORD, [state, *entry, parcel.delivery_id, self.name])
            is_put_off = is_put_off or (cursor.rowcount and state == State.QUEUED)
            if cursor.rowcount and state == State.FAILED and outcome.fate in SAID_OF_THE_ADDRESS:
                self.refused.append(Refused(parcel, outcome, now))
        if is_put_off:  # late news of a mail that counted as unknown when the mailing was called done
            over = self._this_one().filter(state=Mailing.State.DONE)
            over.update(state=Mailing.State.SENDING, finished_at=None)
        if done:
            self._weigh([outcome for _parcel, outcome in done], now)

    def _beat(self) -> None:
        if monotonic() - self._beaten_at < BEAT_SECONDS:
            return
        if not Sender.objects.filter(pk=self.name).update(beat_at=Now()):
            raise Evicted
        self._beaten_at = monotonic()
        self._tell_pacing()

    def _tell_pacing(self) -> None:
        if self.untold:
            pacing.take(self.untold, timezone.now())
            self.untold = 0

    def _claim(self) -> None:
        now = timezone.now()
        lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
        free = pacing.allowance(now)
        if free == 0:
            self._rest(now + PACE_PAUSE)
            return
        most = min(CLAIM_AT_ONCE, free or CLAIM_AT_ONCE)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                _CLAIM.format(lock=lock), [self.mailing.pk, _db(now), _db(now + LONGEST_PAUSE), most, self.name]
            )
            claimed = sorted(row[0] for row in cursor.fetchall())
            self.is_dry = not claimed
            self.stock.extend(self._unsuppressed(cursor, claimed))

    def _unsuppressed(self, cursor, ids: list[int]) -> list[int]:
        """Leaves out addresses that get no mail whoever enters them again."""
        if not ids or not Suppression.objects.exists():
            return ids
        cursor.execute(_KEYS.format(ids=_places(ids)), ids)
        prints = {fingerprint_of(key): pk for pk, key in cursor.fetchall()}
        found = Suppression.objects.filter(fingerprint__in=prints).values_list("fingerprint", flat=True)
        blocked = {prints[fingerprint] for fingerprint in found}
        Delivery.objects.filter(pk__in=blocked).update(
            state=State.EXCLUDED, answer="The address is blocked", changed_at=timezone.now()
        )
        return [pk for pk in ids if pk not in blocked]

    def _begin(self, cursor, wanted: int, now: datetime) -> tuple[list[Parcel], bool]:
        """The mails begun, and whether the provider's limits allow no more."""
        most = min(wanted, len(self.stock))
        granted = pacing.take(most, now) if pacing.is_limited() else most
        if not granted:
            return [], most > 0
        ids = [self.stock.popleft() for _ in range(granted)]
        cursor.execute(_BEGIN.format(ids=_places(ids)), [_db(now), _db(now), _db(now), *ids, self.name])
        rows = cursor.fetchall()
        if not rows:  # paused, cancelled, or in other hands: what we still have goes back at the end
            self.is_stopped = not Mailing.objects.filter(pk=self.mailing.pk, state=Mailing.State.SENDING).exists()
        begun = [
            Parcel(pk, reader, address, secret, attempts, json.loads(reasons))
            for pk, state, reader, attempts, reasons, address, secret in rows
            if state == State.SENDING
        ]
        if pacing.is_limited():
            pacing.give_back(granted - len(begun), now)
        else:
            self.untold += len(begun)
        return begun, granted < most

    def _count_bounces(self) -> None:
        """A server that refuses at once says the same as one that sends a report later.

        Not within the books: what became of a mail is true, whatever happens to its reader meanwhile. A worker that is
        killed before may forget it; the next mailing finds out again. Nor is a provider believed that refuses one
        reader in three: its fault would empty the list."""
        if self._refuses_too_much(DOUBTED):
            self.refused.clear()
        while self.refused:
            parcel, outcome, at = self.refused.pop(0)
            with transaction.atomic():
                readers = Subscriber.objects.select_for_update()
                reader = readers.filter(pk=parcel.reader_id, address=parcel.address).first()
                if reader:
                    about = bounces.Match(reader, Delivery(pk=parcel.delivery_id), is_proved=True)
                    said = outcome.answer
                    bounces.count(about, *judge(said), said, identity=f"refused {parcel.delivery_id}", now=at)

    # --- When it goes badly -----------------------------------------------------------------------

    def shut_out(self, said: Sequence[Outcome]) -> None:
        """No line to the provider is left: rest, and have a person look if that does not change.

        One that said so for the time being is asked again after as long as it has been shut. Beside another sender,
        who may have all the lines that the provider allows, nobody need rest."""
        now, self.is_stopped = timezone.now(), True
        if self.mailing.senders.exclude(pk=self.name).exists():
            return
        with transaction.atomic():
            busy = next((outcome for outcome in said if outcome.fate is Fate.BUSY), None)
            if busy is None:
                self._count_refusal(said[-1], now)
            elif now - (since := min(self.shut_since or now, now)) >= LONGEST_SHUT:
                self._pause(busy)
            else:
                Reception.objects.filter(mailing=self.mailing).update(shut_since=since)
                self._rest(now + min(max(now - since, SHORTEST_WAIT), LONGEST_WAIT))

    def _count_refusal(self, outcome: Outcome, now: datetime) -> None:
        self._add_refusals(WHOLE_MAILING)
        if self.refusals >= MOST_REFUSALS:
            self._pause(outcome)
        else:
            self._rest(now + MAILING_PAUSES[min(self.refusals // WHOLE_MAILING, len(MAILING_PAUSES)) - 1])

    def _weigh(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Stop for a while when the provider puts everybody off, and for good when it refuses too much."""
        if self.shut_since and any(outcome.fate in SAID_INSIDE for outcome in outcomes):
            self.shut_since = None
            Reception.objects.filter(mailing=self.mailing).update(shut_since=None)
        outcomes = [outcome for outcome in outcomes if outcome.fate not in SHUT_OUT]
        bad = [outcome for outcome in outcomes if outcome.fate in WEIGHT]
        if len(bad) < len(outcomes):
            if self.refusals:
                self._this_one().update(refusals=0)
            self.refusals = 0
        elif bad and not self.is_alarmed:
            self._count(bad, now)
        self.recent.extend(MARKS[outcome.fate] for outcome in outcomes if outcome.fate in MARKS)
        if bad and not self.is_alarmed and self._refuses_too_much(MOST_REFUSALS):
            self._pause(bad[-1], f"The mail server refuses {self.recent.count('-')} of {len(self.recent)} mails. ")

    def _refuses_too_much(self, at_least: int) -> bool:
        return self.recent.count("-") >= max(at_least, MOST_OF_WINDOW * len(self.recent))

    def _hand_on(self) -> None:
        """Who sends next begins with what was found out. After a pause it is forgotten: a person has looked."""
        mine = Reception.objects.filter(mailing=self.mailing, mailing__state=Mailing.State.SENDING)
        mine.update(recent="".join(self.recent))

    def _count(self, bad: Sequence[Outcome], now: datetime) -> None:
        worst = max(bad, key=lambda outcome: WEIGHT[outcome.fate])
        self._add_refusals(sum(WEIGHT[outcome.fate] for outcome in bad))
        if self.refusals < MOST_REFUSALS:
            return
        if worst.fate is Fate.LATER:
            self._this_one().update(refusals=0)
            self._rest(now + BUSY_PAUSE)
        else:
            self._pause(worst, "The mail server refuses one mail after another. ")

    def _add_refusals(self, points: int) -> None:
        self._this_one().update(refusals=F("refusals") + points)
        self.refusals = Mailing.objects.values_list("refusals", flat=True).get(pk=self.mailing.pk)

    def _this_one(self):
        return Mailing.objects.filter(pk=self.mailing.pk)

    def _rest(self, until: datetime) -> None:
        self.is_stopped = True
        self._this_one().update(rest_until=until)

    def _pause(self, worst: Outcome, what: str = "") -> None:
        self.is_stopped = self.is_alarmed = True
        self.refused.clear()
        reason = f"{what}The last answer: {worst.answer}"[:300] if what else worst.answer
        sending = self._this_one().filter(state=Mailing.State.SENDING)
        if sending.update(state=Mailing.State.PAUSED, reason=reason):
            Reception.objects.filter(mailing=self.mailing).update(recent="", shut_since=None)
            logger.error("Mailing %s is paused: %s", self.mailing.pk, reason)


def _entry(parcel: Parcel, outcome: Outcome, now: datetime) -> list:
    """What is written down of a mail: state, answer, when to try again, attempts that do not count, and when."""
    fate, pause = outcome.fate, None
    if fate is Fate.LATER or (fate is Fate.CUT and parcel.attempts > 1):
        pause = RETRY_PAUSES[parcel.attempts - 1] if parcel.attempts <= len(RETRY_PAUSES) else None
        state = State.QUEUED if pause else State.FAILED
    elif fate is Fate.CUT or fate in SHUT_OUT:
        state = State.QUEUED
    else:
        state = {Fate.ACCEPTED: State.ACCEPTED, Fate.UNKNOWN: State.UNKNOWN}.get(fate, State.FAILED)
    uncounted = int(fate in SHUT_OUT)
    return [str(state), outcome.answer, _db(now + pause) if pause else None, uncounted, _db(now)]


def recover(now: datetime | None = None) -> int:
    """Take what dead senders had in hand: claimed rows wait again, begun ones are unknown. How many there were."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM subscriptions_delivery WHERE {_IN_HAND} LIMIT 1")
        if cursor.fetchone() is None and not Sender.objects.exists():
            return 0  # without SQLite's write lock, since nothing is being sent most of the time
    with transaction.atomic(), connection.cursor() as cursor:
        silent = timedelta(seconds=SILENT_SECONDS)
        # A beat still to come was before the clock was set back: a living sender soon has another.
        Sender.objects.filter(Q(beat_at__lt=Now() - silent) | Q(beat_at__gt=Now() + silent)).delete()
        cursor.execute(_LOST, [_db(now or timezone.now())])
        return cursor.rowcount


def _places(ids: Sequence[int]) -> str:
    return ", ".join(["%s"] * len(ids))


def _db(moment: datetime):
    return connection.ops.adapt_datetimefield_value(moment)


@contextmanager
def _durable():
    """Have SQLite write each commit to the disk, so that a power cut forgets no mail that was handed over.

    PostgreSQL does so anyway. Within a transaction (in tests) SQLite cannot change it."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA synchronous").fetchone()[0]
        cursor.execute("PRAGMA synchronous = FULL")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA synchronous = {before}")
