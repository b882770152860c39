"""Preparing a mailing: who gets it is written down, a row for each reader, before the first mail goes out.

It goes by batches of readers, in the order of their keys. Each batch is one transaction with the mark how far it
has come, so that a worker that is killed is followed by one that goes on, and two at once do nothing twice."""

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from time import monotonic

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from reviews.models import Review
from subscriptions import letters
from subscriptions.digests import Digest, leave_out_withdrawn, readers_of, readers_who_had
from subscriptions.matching import Followed, all_reasons
from subscriptions.models import Mailing, Subscriber
from subscriptions.releases import is_too_old

logger = logging.getLogger(__name__)
State = Mailing.State
MOST_FAILURES = 5
BATCH = 5_000
SLICE_SECONDS = 5
ROWS = 1_000  # in one statement
COLUMNS = ("pk", "only_followed", "confirmed_at", "rhythm", "digests_from", "last_digest_to")
_INSERT = (
    "INSERT INTO subscriptions_delivery"
    " (mailing_id, subscriber_id, state, reasons, attempts, worker, changed_at, answer)"
)


class ReviewPlan:
    """Who gets a letter about one review."""

    def __init__(self, mailing: Mailing, now: datetime):
        self.review = Review.objects.published(now).with_authors().for_page().get(pk=mailing.review_id)
        self.followed = Followed([self.review])
        self.had = readers_who_had(self.review, self.review.release.released_at)

    @property
    def why_never(self) -> str:
        """Why it is not to be mailed at all. It may have been back-dated after it was released."""
        if not is_too_old(self.review, self.review.release.decided_at):
            return ""
        dated = date_format(timezone.localtime(self.review.published_at), "j F Y")
        return f"The review is now dated {dated}, long before it was to be mailed. Back-dated reviews are never mailed."

    def content(self) -> dict:
        return letters.review_content(self.review)

    def readers(self) -> QuerySet[Subscriber]:
        return self.followed.recipients()

    def choose(self, readers: Sequence[Subscriber]) -> dict[int, list]:
        """For each of these readers who gets it: the reasons."""
        keys = Q(subscriber_id__gte=readers[0].pk, subscriber_id__lte=readers[-1].pk)
        followed = self.followed.reasons(keys)
        return {
            reader.pk: all_reasons(followed.get(reader.pk, {}).get(self.review.pk, []), reader.only_followed)
            for reader in readers
            if reader.pk not in self.had
        }


class DigestPlan:
    """Who gets a digest, and what of it."""

    why_never = ""

    def __init__(self, mailing: Mailing, now: datetime):
        self.mailing, self.now = mailing, now
        leave_out_withdrawn(mailing)
        self.digest = Digest(mailing.rhythm, mailing.covers_to, mailing)

    def content(self) -> dict:
        return letters.digest_content(self.digest.reviews, self.mailing.rhythm)

    def readers(self) -> QuerySet[Subscriber]:
        return readers_of(self.mailing, self.now)

    def choose(self, readers: Sequence[Subscriber]) -> dict[int, dict]:
        """For each of these readers for whom there is something: the places in the snapshot, and the reasons."""
        return self.digest.choose(readers)


def prepare(mailing: Mailing, seconds: float = SLICE_SECONDS) -> bool:
    """Go on preparing for some seconds; whether the mailing is ready to be sent. Safe to repeat and to be killed."""
    mailing.refresh_from_db()
    now, end = timezone.now(), monotonic() + seconds
    if mailing.state != State.PREPARING:
        return mailing.state == State.SENDING
    try:
        return _go_on(mailing, now, end)
    except OperationalError:
        raise  # the database is busy or away, which passes
    except Exception as error:
        _note_failure(mailing, error)
        raise


def _go_on(mailing: Mailing, now: datetime, end: float) -> bool:
    kind = DigestPlan if mailing.kind == Mailing.Kind.DIGEST else ReviewPlan
    try:
        plan = kind(mailing, now)
    except Review.DoesNotExist:
        _this(mailing).update(state=State.HELD, reason="The review is not public any more.")
        return False
    if not mailing.content:
        if plan.why_never:
            _this(mailing).update(state=State.CANCELLED, reason=plan.why_never, finished_at=now)
            return False
        _take_snapshot(mailing, plan)
        plan = kind(mailing, now)
    while monotonic() < end:
        rows = plan.readers().filter(pk__gt=mailing.prepared_to).order_by("pk").values_list(*COLUMNS, named=True)
        readers = list(rows[:BATCH])
        if not readers:
            return _finish(mailing)
        if not _write(mailing, readers, plan.choose(readers)):
            return False
    return False


def _note_failure(mailing: Mailing, error: Exception) -> None:
    """After some failures one after another a person has to look: nothing is tried for ever."""
    logger.exception("Mailing %s cannot be prepared", mailing.pk)
    with suppress(DatabaseError):
        _this(mailing).update(refusals=F("refusals") + 1)
        reason = f"It could not be prepared: {type(error).__name__}. The log says more."
        _this(mailing).filter(refusals__gte=MOST_FAILURES).update(state=State.HELD, reason=reason)


def _take_snapshot(mailing: Mailing, plan: ReviewPlan | DigestPlan) -> None:
    """Keep what the letters say. Another worker may have been quicker: then that one's counts."""
    content = plan.content()
    ids = [item["review_id"] for item in content["items"]] if mailing.kind == Mailing.Kind.DIGEST else []
    _this(mailing).filter(content={}).update(content=content, review_ids=ids)
    mailing.refresh_from_db(fields=["content", "review_ids"])


def _this(mailing: Mailing) -> QuerySet[Mailing]:
    """The mailing, if nothing has happened to it since we looked."""
    return Mailing.objects.filter(pk=mailing.pk, state=State.PREPARING, prepared_to=mailing.prepared_to)


def _write(mailing: Mailing, readers: Sequence[Subscriber], chosen: dict) -> bool:
    """A batch's rows, with the mark; False, and nothing written, if another worker has done it or it was stopped."""
    with transaction.atomic():
        if not _this(mailing).update(prepared_to=readers[-1].pk):
            return False
        rows = [(reader, json.dumps(why)) for reader, why in chosen.items()]
        for start in range(0, len(rows), ROWS):
            _insert(mailing, rows[start : start + ROWS])
    mailing.prepared_to = readers[-1].pk
    return True


def _insert(mailing: Mailing, rows: Sequence[tuple[int, str]]) -> None:
    """Rows of Delivery, written as SQL: making 100,000 objects takes longer than all the rest."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    one = "(%s, %s, 'queued', %s, 0, '', %s, '')"
    values = [value for reader, why in rows for value in (mailing.pk, reader, why, now)]
    with connection.cursor() as cursor:
        cursor.execute(f"{_INSERT} VALUES {', '.join([one] * len(rows))}", values)


def _finish(mailing: Mailing) -> bool:
    """Count the recipients, once and for all. A digest that holds nothing for anybody leaves no trace."""
    total = mailing.deliveries.count()
    if not total and mailing.kind == Mailing.Kind.DIGEST:
        _this(mailing).delete()
        return False
    return bool(_this(mailing).update(state=State.SENDING, total=total, prepared_at=timezone.now(), refusals=0))
