"""What comes back: whom a report is about, whether it is believed, and what follows.

Anybody can send us a report, so it counts in full only with proof: the signed return path of the mail it is about, a
signed link in the part of it that came back, or its Message-ID together with the address it went to. A report that
merely names an address is at most one of several (unless the site has no return paths and so never gets proof)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from itertools import pairwise

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from subscriptions.addresses import fingerprint, key_of
from subscriptions.models import BounceReport, Delivery, Subscriber, Suppression
from subscriptions.reports import Report, read

Kind = BounceReport.Kind

SOFT_IN_A_ROW = 5
SOFT_SPAN = timedelta(days=3)  # at least, from the first to the last of them
SOFT_FORGOTTEN = timedelta(days=30)  # without a further one
WELL_AGAIN = 3  # mails that arrived between two of them
REPORTED_WITHIN = timedelta(days=7)  # a mail of which nothing is heard for so long has arrived
RECENT = timedelta(days=14)  # a report without proof has to be about a mail of these days

_MESSAGE_ID = re.compile(r"\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,18})@", re.ASCII)
_LEAVE = re.compile(r"/letters/leave/(\d{1,18}-[0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True)
class Match:
    """Whom a report is about, and whether that is proved."""

    subscriber: Subscriber
    delivery: Delivery | None = None
    is_proved: bool = False


# --- Return paths (VERP): bounces+42.17-9f…@reviews.example ----------------------------------------


def return_path(delivery_id: int, subscriber: Subscriber) -> str:
    """The envelope sender of one delivery: reports about it come back to an address that says which it was.

    Without BOUNCE_ADDRESS in the environment it is BOUNCE_ADDRESS's default, the newsletter's own sender."""
    local, _at, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    if not settings.BOUNCES_ARE_SIGNED:
        return settings.BOUNCE_ADDRESS
    return f"{local}+{delivery_id}.{subscriber.token(_purpose(delivery_id))}@{domain}"


def _purpose(delivery_id: int | str) -> str:
    return f"bounce {delivery_id}"


def from_return_path(address: str) -> Match | None:
    """The delivery and subscriber of a return path; None for every address we did not make."""
    local, _at, domain = settings.BOUNCE_ADDRESS.lower().rpartition("@")
    found = re.fullmatch(
        rf"{re.escape(local)}\+(?P<delivery>\d{{1,18}})\.(?P<token>\d{{1,18}}-[0-9a-f]{{32}})@{re.escape(domain)}",
        address.strip().strip("<>").lower(),
        re.ASCII,
    )
    subscriber = found and Subscriber.from_token(found["token"], _purpose(int(found["delivery"])))
    if not subscriber:
        return None
    delivery = Delivery.objects.filter(pk=int(found["delivery"]), subscriber=subscriber).first()
    return Match(subscriber, delivery, is_proved=True)


def _looks_signed(address: str) -> bool:
    local, _at, domain = settings.BOUNCE_ADDRESS.lower().rpartition("@")
    return address.lower().startswith(f"{local}+") and address.lower().endswith(f"@{domain}")


# --- Whom it is about -----------------------------------------------------------------------------


def match(report: Report) -> Match | None:
    """Whom a report is about, by the best evidence there is; None if by none, or if a signature in it is forged."""
    signed = [address for address in (*report.sent_to, *_return_paths(report.returned)) if _looks_signed(address)]
    if signed:
        return next((found for address in signed if (found := from_return_path(address))), None)
    return _by_leave_link(report.returned) or _by_message_id(report) or _by_address(report.recipients)


def _return_paths(returned: Message | None) -> list[str]:
    return [str(value).strip().strip("<>") for value in (returned.get_all("Return-Path", []) if returned else [])]


def _by_leave_link(returned: Message | None) -> Match | None:
    found = _LEAVE.search("".join(str(returned["List-Unsubscribe"] or "").split())) if returned else None
    subscriber = found and Subscriber.from_token(found[1], "leave")
    if not subscriber:
        return None
    delivery = delivery_named(str(returned["Message-ID"] or ""))
    return Match(subscriber, delivery if delivery and delivery.subscriber == subscriber else None, is_proved=True)


def delivery_named(message_id: str) -> Delivery | None:
    """The delivery with this Message-ID, if it is one of ours."""
    found = _MESSAGE_ID.search(message_id)
    if not found:
        return None
    return Delivery.objects.select_related("subscriber").filter(mailing__identity=found[1], pk=int(found[2])).first()


def _by_message_id(report: Report) -> Match | None:
    """A Message-ID can be guessed by who has another; with the address it went to it cannot."""
    delivery = delivery_named(str(report.returned["Message-ID"] or "")) if report.returned else None
    if not (delivery and delivery.subscriber):
        return None
    known = delivery.subscriber.key in {key_of(address) for address in report.recipients}
    return Match(delivery.subscriber, delivery, is_proved=known)


def _by_address(recipients: Iterable[str]) -> Match | None:
    """Somebody with this address whom mail was sent to lately."""
    keys = {key_of(address) for address in recipients}
    lately = Delivery.objects.filter(changed_at__gte=timezone.now() - RECENT, subscriber__key__in=keys)
    found = lately.exclude(state__in=[Delivery.State.QUEUED, Delivery.State.EXCLUDED]).order_by("-pk")
    delivery = found.select_related("subscriber").first()
    return Match(delivery.subscriber, delivery, is_proved=not settings.BOUNCES_ARE_SIGNED) if delivery else None


# --- What follows -----------------------------------------------------------------------------------


def receive(raw: bytes, envelope_to: str = "") -> BounceReport | None:
    """Read one mail that came back and do what follows from it; the report as it was counted.

    None if it is no report, about nobody we write to, forged, or was counted before. Never raises for what a mail
    holds; errors of the database go through, so that it can be delivered again."""
    report = read(raw, envelope_to)
    found = match(report) if report else None
    if not found:
        return None
    return count(found, report.kind, report.status, report.detail, identity=report.identity)


def count(
    found: Match, kind: Kind, status: str, detail: str, *, identity: str, now: datetime | None = None
) -> BounceReport | None:
    """Note a report once, and stop mail to the address if it is enough. None if it was noted before.

    Two reports of a kind about one delivery are the same, by whichever way they come."""
    now = now or timezone.now()
    if not found.is_proved and kind in (Kind.HARD, Kind.COMPLAINT):
        kind, detail = Kind.SOFT, f"Without proof: {kind.label.lower()}. {detail}"
    if found.delivery:
        identity = f"delivery {found.delivery.pk} {kind.value}"
    with transaction.atomic():
        report, is_new = BounceReport.objects.get_or_create(
            identity=identity[:64],
            defaults={
                "subscriber": found.subscriber, "delivery": found.delivery, "kind": kind,
                "status": status[:12], "detail": detail[:300], "at": now,
            },
        )  # fmt: skip
        if not is_new:
            return None
        _follow_up(found.subscriber, report, now)
    return report


def _follow_up(subscriber: Subscriber, report: BounceReport, now: datetime) -> None:
    if report.kind == Kind.SOFT:
        row = soft_bounces_in_a_row(subscriber)
        Subscriber.objects.filter(pk=subscriber.pk).update(soft_bounces=len(row))
        if len(row) >= SOFT_IN_A_ROW and row[0] - row[-1] >= SOFT_SPAN:
            _stop(subscriber, Subscriber.Ended.BOUNCED, Suppression.Why.BOUNCED, report, now)
    elif report.kind == Kind.HARD:
        _stop(subscriber, Subscriber.Ended.BOUNCED, Suppression.Why.BOUNCED, report, now)
    elif report.kind == Kind.COMPLAINT:
        _stop(subscriber, Subscriber.Ended.COMPLAINED, Suppression.Why.COMPLAINED, report, now)


def soft_bounces_in_a_row(subscriber: Subscriber) -> list[datetime]:
    """When the last temporary refusals of this address were, newest first, the one just noted included.

    Those counted so far are on the subscriber, so that a move or a return begins anew. A long silence parts them, and
    so do some mails that arrived: one alone proves nothing, since most servers accept first and refuse later."""
    counted = Subscriber.objects.filter(pk=subscriber.pk).values_list("soft_bounces", flat=True).first() or 0
    soft = subscriber.bounce_reports.filter(kind=Kind.SOFT)
    times = list(soft.values_list("at", flat=True)[: counted + 1])
    arrived = subscriber.deliveries.filter(
        state=Delivery.State.ACCEPTED, changed_at__gt=times[-1], bounce_reports=None
    ).values_list("changed_at", flat=True)
    row = times[:1]
    for later, earlier in pairwise(times):
        well = sum(earlier < moment <= later - REPORTED_WITHIN for moment in arrived)
        if later - earlier > SOFT_FORGOTTEN or well >= WELL_AGAIN:
            break
        row.append(earlier)
    return row


def _stop(subscriber: Subscriber, ended: str, why: str, report: BounceReport, now: datetime) -> None:
    """End all mail to the subscriber, and write no more to the address whoever enters it again."""
    subscriber.leave(ended, now)
    Suppression.objects.get_or_create(
        fingerprint=fingerprint(subscriber.address),
        defaults={"why": why, "since": now, "note": f"{report.status} {report.detail}".strip()[:300]},
    )
