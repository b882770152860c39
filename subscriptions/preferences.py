"""What a subscriber changes at their secret address: leaving and coming back, pausing, moving to another address."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from subscriptions import digests, opt_in
from subscriptions.models import Consent, Subscriber

PAUSES = (2, 4, 8)  # weeks
UNDO_MAX_AGE = timedelta(days=1)  # whoever finds an old letter must not subscribe its reader anew


def note(subscriber: Subscriber, what: str, page: str, network: str | None, proof: str) -> Consent:
    """Keep that the subscriber did this, and how we know."""
    return subscriber.consents.create(what=what, at=timezone.now(), page=page, network=network, proof=proof)


def leave(subscriber: Subscriber, network: str | None, proof: str) -> bool:
    """Stop all mail at once; whether anything changed."""
    with transaction.atomic():
        has_left = subscriber.leave()
        if has_left:
            note(subscriber, Consent.What.LEFT, "/letters/leave/", network, proof)
    return has_left


def can_come_back(subscriber: Subscriber, now: datetime | None = None) -> bool:
    """Whether leaving may still be taken back: they left by themselves, not long ago, and the address works."""
    return (
        subscriber.state == Subscriber.State.LEFT
        and subscriber.ended == Subscriber.Ended.READER
        and (now or timezone.now()) - subscriber.left_at < UNDO_MAX_AGE
        and not opt_in.is_suppressed(subscriber.address)
    )


def come_back(subscriber: Subscriber, network: str | None) -> bool:
    """Take leaving back; whether it could be done."""
    if not can_come_back(subscriber):
        return False
    with transaction.atomic():
        left = Subscriber.objects.filter(pk=subscriber.pk, left_at=subscriber.left_at)
        is_back = bool(left.update(state=Subscriber.State.CONFIRMED, left_at=None, ended=Subscriber.Ended.NONE))
        if is_back:
            note(subscriber, Consent.What.RETURNED, "/letters/leave/", network, "Undo on the page after leaving")
    return is_back


def pause(subscriber: Subscriber, weeks: int) -> bool:
    """Send nothing for so many weeks, 0 to go on at once; whether that was one of the choices. What digests brought
    meanwhile is not made up for afterwards."""
    if weeks and weeks not in PAUSES:
        return False
    now = timezone.now()
    until = now + timedelta(weeks=weeks) if weeks else None
    concerned = Subscriber.objects.confirmed().filter(pk=subscriber.pk)
    if not weeks:
        concerned = concerned.filter(paused_until__gt=now)
    concerned.update(paused_until=until, digests_from=digests.covered_until(subscriber, until or now))
    return True


def change_rhythm(subscriber: Subscriber, rhythm_before: str, only_followed_before: bool) -> None:
    """Have digests end and begin as a change asks, and save it. Who changes to every review gets what came before in one
    last digest; who wants more than before gets it from now on. Writes these fields only: the state may have changed."""
    has_digests, had_digests = (rhythm != Subscriber.Rhythm.EACH for rhythm in (subscriber.rhythm, rhythm_before))
    is_wider = only_followed_before and not subscriber.only_followed
    if has_digests and (is_wider or not had_digests):
        digests.ask_for_more(subscriber)
    elif had_digests and not has_digests:
        subscriber.last_digest_to = timezone.now()
        if is_wider:
            digests.ask_for_more(subscriber, rhythm_before)
    subscriber.save(update_fields=["rhythm", "only_followed", "day", "hour", "digests_from", "last_digest_to"])
