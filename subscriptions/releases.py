"""Releases: what an editor decides about mail for a review, and what comes of it once the review is public.

Saving or publishing a review sends nothing. A sweep looks for decisions whose time has come and whose review readers
can see, and makes the one mailing each review can ever have (a constraint of the database)."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from reviews.models import Review
from subscriptions.digests import is_in_digests
from subscriptions.models import Delivery, Mailing, Release
from subscriptions.models.mailing import OLD

Choice = Release.Choice
NOTHING_SENT = (Mailing.State.WAITING, Mailing.State.HELD, Mailing.State.CANCELLED)
SENT = (Delivery.State.SENDING, Delivery.State.ACCEPTED, Delivery.State.UNKNOWN)
MEANWHILE = "Somebody decided about this review while you had this page open: see below how it stands, and decide anew."


def decide(
    review: Review,
    choice: str,
    at: datetime | None = None,
    by=None,
    now: datetime | None = None,
    seen: str | None = None,
) -> Release:
    """Note an editor's decision about a review; it can be changed as long as nothing was sent.

    `seen` is the version() of the decision that the editor saw; None to go over any other. Raises ValidationError, in
    words for the editor: for a review that was published more than a day ago, for one that has been mailed, for a
    time that is missing or over, and where another decided meanwhile."""
    now = now or timezone.now()
    if choice == Choice.AT and at is None:
        raise ValidationError("Say when it is to be sent.", code="no-time")
    if choice == Choice.AT and at < now - timedelta(minutes=1):
        raise ValidationError("This time is over. Choose a later one, or “send now”.", code="past")
    values = {"choice": choice, "send_at": at if choice == Choice.AT else None, "decided_at": now, "decided_by": by}
    try:
        with transaction.atomic():
            return _decide(review, values, seen)
    except IntegrityError as error:  # two first decisions at once, or a reader's row written at this moment
        raise ValidationError(MEANWHILE, code="meanwhile") from error


def _decide(review: Review, values: dict, seen: str | None) -> Release:
    # Written before it is read, so that on SQLite too, which locks no rows, nobody decides between the two.
    Release.objects.filter(review=review).update(review=review)
    release = Release.objects.select_for_update().filter(review=review).first()
    if seen is not None and seen != version(release):
        raise ValidationError(MEANWHILE, code="meanwhile")
    if release is None:
        if values["choice"] != Choice.NONE and is_too_old(review, values["decided_at"]):
            raise ValidationError(
                "This review was first published more than a day ago. Older reviews are not mailed.", code="old"
            )
        return Release.objects.create(review=review, **values)
    if not _take_back(release):
        raise ValidationError("Mail about this review has been sent already.", code="sent")
    Release.objects.filter(pk=release.pk).update(**values, released_at=None)
    release.refresh_from_db()
    return release


def version(release: Release | None) -> str:
    """Which decision it is; empty if there is none yet."""
    return release.decided_at.isoformat() if release else ""


def is_too_old(review: Review, now: datetime) -> bool:
    """Whether a review is imported, back-dated or simply old, so that it is never mailed."""
    return review.published_at is not None and review.published_at < now - OLD


def _take_back(release: Release) -> bool:
    """Delete the mailing of a review if nothing of it was sent; False if something was."""
    if release.released_at and is_in_digests(release.review, release.released_at):
        return False
    mailing = Mailing.objects.select_for_update().filter(kind=Mailing.Kind.REVIEW, review=release.review).first()
    if mailing is None:
        return True
    if mailing.state not in NOTHING_SENT or mailing.deliveries.filter(state__in=SENT).exists():
        return False
    mailing.delete()
    return True


def release_due(now: datetime) -> int:
    """Make the mailings of reviews that readers can see and whose time has come; how many reviews were released.

    Safe to repeat and to run beside itself. What should have gone out more than a day ago waits for a person."""
    due = Release.objects.filter(
        Q(send_at=None) | Q(send_at__lte=now),
        released_at=None,
        review__in=Review.objects.published(now).order_by(),
    )
    return sum(
        _release(release, now)
        for release in due.exclude(choice=Choice.NONE).select_related("review")
        if not is_too_old(release.review, release.decided_at)  # it may have been back-dated after the decision
    )


@transaction.atomic
def _release(release: Release, now: datetime) -> bool:
    unchanged = Release.objects.filter(pk=release.pk, released_at=None, decided_at=release.decided_at)
    if not unchanged.update(released_at=now):
        return False
    if release.choice == Choice.DIGEST:
        return True
    grace = timedelta(minutes=settings.NEWSLETTER_GRACE_MINUTES)
    visible_since = max(release.decided_at, release.review.published_at)
    ready_at = max(visible_since, release.send_at or visible_since)
    values = {
        "due_at": max(release.send_at, visible_since + grace) if release.send_at else now + grace,
        "identity": uuid4(),
        "created_by_id": release.decided_by_id,
    }
    if now - ready_at > OLD:
        values |= {"state": Mailing.State.HELD, "reason": overdue_since(ready_at)}
    Mailing.objects.get_or_create(kind=Mailing.Kind.REVIEW, review=release.review, defaults=values)
    return True


def overdue_since(moment: datetime) -> str:
    """Why a mailing is held that nobody sent in time."""
    when = date_format(timezone.localtime(moment), "j F Y, H:i")
    return f"It should have gone out on {when}, more than a day ago. Is it still to be sent?"
