"""The next letter: what it would hold as things stand, and when it comes. Shown to each reader on their own page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from reviews.models import Review
from subscriptions.digests import A_WEEK, Digest, own_hours
from subscriptions.matching import Followed
from subscriptions.models import Mailing, Release, Subscriber
from subscriptions.releases import is_too_old

TO_COME = (Mailing.State.WAITING, Mailing.State.HELD, Mailing.State.PREPARING)


@dataclass(frozen=True)
class NextLetter:
    """Reviews, newest first, each with the sentences why this reader gets it; `at` is the hour of a digest."""

    reviews: list[tuple[Review, list[str]]]
    at: datetime | None = None


def next_letter(subscriber: Subscriber, now: datetime | None = None) -> NextLetter:
    """What is on its way to a reader: their next digest, or the letters that reviews get of their own."""
    now = now or timezone.now()
    if subscriber.rhythm == Subscriber.Rhythm.EACH:
        return NextLetter(_letters_of_their_own(subscriber, now))
    at = hour_of_next_digest(subscriber, now)
    digest = Digest(subscriber.rhythm, at - timedelta(minutes=settings.NEWSLETTER_GRACE_MINUTES))
    chosen = digest.choose([subscriber]).get(subscriber.pk, {"items": []})
    why = digest.followed.reasons(Q(subscriber=subscriber)).get(subscriber.pk, {})
    return NextLetter([(review := digest.reviews[place], why.get(review.pk, [])) for place in chosen["items"]], at)


def hour_of_next_digest(subscriber: Subscriber, now: datetime) -> datetime:
    """When the hour this reader chose begins next, as the publication's clock shows it."""
    return own_hours(subscriber, subscriber.rhythm, now, now + A_WEEK)[0]


def _letters_of_their_own(subscriber: Subscriber, now: datetime) -> list[tuple[Review, list[str]]]:
    """Public reviews that are to be mailed by themselves and are not yet, if this reader asks for them."""
    decided = Release.objects.filter(choice__in=[Release.Choice.NOW, Release.Choice.AT], released_at=None)
    keys = [row.review_id for row in decided.select_related("review") if not is_too_old(row.review, row.decided_at)]
    keys += Mailing.objects.filter(kind=Mailing.Kind.REVIEW, state__in=TO_COME).values_list("review_id", flat=True)
    public = Review.objects.published(now).with_authors().for_page()
    reviews = list(public.filter(pk__in=keys).order_by("-published_at", "-pk"))
    why = Followed(reviews).reasons(Q(subscriber=subscriber)).get(subscriber.pk, {})
    return [(review, why.get(review.pk, [])) for review in reviews if review.pk in why or not subscriber.only_followed]
