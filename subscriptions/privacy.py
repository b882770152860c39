"""Everything held about a subscriber: handed out, and forgotten."""

from django.db import connection, transaction
from django.utils import timezone

from reviews.models import Publication
from subscriptions import following
from subscriptions.addresses import fingerprint
from subscriptions.models import Departure, SignUp, Subscriber, Suppression


def everything_about(subscriber: Subscriber) -> dict:
    """All we hold, as plain values under plain names."""
    return {
        "publication": Publication.current().name,
        "subscriber": {
            "address": subscriber.address,
            "state": subscriber.get_state_display(),
            "letters": subscriber.get_rhythm_display(),
            "only_what_is_followed": subscriber.only_followed,
            "day": subscriber.day,
            "hour": subscriber.hour,
            "paused_until": subscriber.paused_until,
            "digests_hold_what_came_after": subscriber.digests_from,
            "last_digest_holds_what_came_until": subscriber.last_digest_to,
            "confirmed_at": subscriber.confirmed_at,
            "left_at": subscriber.left_at,
            "why_it_ended": subscriber.get_ended_display(),
            "temporary_refusals": subscriber.soft_bounces,
            "source": subscriber.source,
        },
        "follows": [
            {"kind": followed.what, "name": followed.name, "since": follow.since}
            for follow, followed in following.all_of(subscriber)
        ],
        "consents": [
            {
                "what": consent.get_what_display(),
                "at": consent.at,
                "page": consent.page,
                "network_address": consent.network,
                "wording": consent.wording.text if consent.wording else None,
                "proof": consent.proof,
            }
            for consent in subscriber.consents.select_related("wording")
        ],
        "sign_ups": list(_sign_ups(subscriber).values("address", "follow", "page", "network", "asked_at", "used_at")),
        "deliveries": [
            {
                "letter": str(delivery.mailing),
                "state": delivery.get_state_display(),
                "changed_at": delivery.changed_at,
                "reasons": delivery.reasons,
                "server_said": delivery.answer,
            }
            for delivery in subscriber.deliveries.select_related("mailing").order_by("pk")
        ],
        "reports_that_came_back": list(subscriber.bounce_reports.values("kind", "status", "detail", "at")),
        "never_to_be_written_to": list(_suppressions(subscriber).values("why", "since", "note")),
    }


def _sign_ups(subscriber: Subscriber):
    return SignUp.objects.filter(key=subscriber.key) | SignUp.objects.filter(moves=subscriber)


def _suppressions(subscriber: Subscriber):
    return Suppression.objects.filter(fingerprint=fingerprint(subscriber.address))


def erase(subscriber: Subscriber) -> None:
    """Forget the subscriber, at once. Deliveries stay without saying whose, so that reports still add up. Of the
    address stays a hash: in a suppression, which keeps us from writing to it, and so that no list brings it back."""
    with transaction.atomic():
        Departure.note([subscriber.key], timezone.now())
        _sign_ups(subscriber).delete()
        subscriber.delete()
    scrub()


def scrub() -> None:
    """Take what was deleted out of SQLite's files as well. Pages are overwritten when rows go (PRAGMA secure_delete);
    the log beside the database keeps them a while longer. Readers may hold it back, so the worker tries again."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
