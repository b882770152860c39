"""The provider's limits by the minute, hour and day, kept by all workers together, and when a mailing will end."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F, Sum
from django.db.models.functions import Greatest

from subscriptions.models import Pace, SendingPermit

SPAN_SECONDS = 5
WINDOWS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
SPAN = timedelta(seconds=SPAN_SECONDS)


def _span(now: datetime) -> datetime:
    return now.replace(second=now.second - now.second % SPAN_SECONDS, microsecond=0)


def _limits() -> list[tuple[timedelta, int]]:
    return [(WINDOWS[name], most) for name, most in settings.NEWSLETTER_LIMITS.items() if most]


def is_limited() -> bool:
    """Whether the provider has any limits."""
    return bool(_limits())


def allowance(now: datetime) -> int | None:
    """How many mails may go out at once; None for as many as you like.

    Counted in spans of five seconds, the oldest of a window always as a whole: a limit may be missed by a little, and
    is never passed."""
    free = [most - taken_within(window, now) for window, most in _limits()]
    return max(0, min(free)) if free else None


def taken_within(window: timedelta, now: datetime) -> int:
    """How many mails were handed over in a time up to now."""
    return Pace.objects.filter(at__gt=now - window - SPAN).aggregate(sum=Sum("taken", default=0))["sum"]


def take(wanted: int, now: datetime) -> int:
    """Count mails as sent before they are; how many of those wanted may be. Within a transaction."""
    if _limits() and connection.features.has_select_for_update:
        list(SendingPermit.objects.select_for_update())  # on PostgreSQL workers take turns to count
    free = allowance(now)
    granted = wanted if free is None else min(wanted, free)
    if granted:
        _add(granted, now)
    return granted


def _add(count: int, now: datetime) -> None:
    row, is_new = Pace.objects.get_or_create(at=_span(now), defaults={"taken": count})
    if is_new:
        Pace.objects.filter(at__lt=now - timedelta(days=2)).delete()
    else:
        Pace.objects.filter(pk=row.pk).update(taken=F("taken") + count)


def give_back(count: int, now: datetime) -> None:
    """Those taken at that time were not sent after all."""
    if count:
        Pace.objects.filter(at=_span(now)).update(taken=Greatest(F("taken") - count, 0))


def ends_at(waiting: int, now: datetime) -> datetime | None:
    """When so many mails will have been sent, by the limits and the speed of the last minute; None if nobody knows."""
    if not waiting:
        return now
    needed = []
    for window, most in _limits():
        left = waiting - max(0, most - taken_within(window, now))
        needed.append(window * -(-left // most) if left > 0 else timedelta(0))
    speed = taken_within(WINDOWS["minute"], now)
    if speed:
        needed.append(WINDOWS["minute"] * waiting / speed)
    return now + max(needed) if needed else None
