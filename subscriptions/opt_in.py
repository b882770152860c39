"""Signing up: asked by a form, confirmed by a button in a mail. The page that asked never learns whose address it was."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from html import unescape
from secrets import token_hex
from smtplib import SMTPRecipientsRefused

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from reviews.models import Publication
from subscriptions import digests, following, letters, permit
from subscriptions.addresses import fingerprint, key_of
from subscriptions.models import Attempt, Consent, Departure, FormerSecret, SignUp, Subscriber, Suppression, Wording
from subscriptions.models.signup import MOST_ATTEMPTS
from subscriptions.network import block_of

logger = logging.getLogger(__name__)

QUIET = timedelta(minutes=15)  # between two mails to one address
MOST_A_DAY = 3  # mails to one address
MOST_AN_HOUR = 20  # attempts from one network address
MOST_AN_HOUR_NEARBY = {"/24": 60, "/64": MOST_AN_HOUR}  # from its block: a /64 is one household
EASY = 4  # so many times fewer sign-ups may come from a network without a second step
PAUSE = timedelta(minutes=1)  # after a first failure; three times as long after each further one
KEPT = timedelta(days=30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AS_NEW = {
    "state": Subscriber.State.CONFIRMED,
    "left_at": None,
    "ended": Subscriber.Ended.NONE,
    "soft_bounces": 0,
    **{name: Subscriber._meta.get_field(name).get_default() for name in ("rhythm", "day", "hour", "paused_until")},
    "digests_from": None,
    "last_digest_to": None,
}
"""What somebody who had left starts with when they sign up again."""
LOCK = 0x52757368  # of PostgreSQL: one sign-up is written at a time, so that counting and writing are one act


class Answer(Enum):
    """What the page says. Nothing in it depends on whose address was typed."""

    SENT = "sent"
    ONCE_MORE = "once more"
    TOO_MANY = "too many"


@dataclass(frozen=True)
class Asked:
    """What a form was sent with. `sure` is somebody who passed the second step."""

    address: str
    follow: str = ""
    page: str = ""
    network: str | None = None
    sure: bool = False
    moves: Subscriber | None = None


def wording() -> str:
    """What stands beside the button, word for word."""
    context = {"publication": Publication.current()}
    return " ".join(unescape(render_to_string("subscriptions/_wording.html", context)).split())


def ask(asked: Asked, now: datetime | None = None) -> Answer:
    """Write the sign-up down, unless its address or its network has had its share; the worker does the rest.

    The same few statements for every address: what is known of it is not looked at. An attempt counts against its
    network even if the address has had its share, so that a network’s share does not tell who waits for a letter."""
    now = now or timezone.now()
    attempt = Attempt(network=asked.network, block=block_of(asked.network), at=now)
    signup = SignUp(
        address=asked.address,
        key=key_of(asked.address),
        follow=asked.follow,
        page=asked.page,
        network=asked.network,
        wording=None if asked.moves else Wording.objects.get_or_create(text=wording())[0],
        asked_at=now,
        secret=token_hex(32),
        moves=asked.moves,
    )
    with transaction.atomic():
        if _insert(attempt, *_network_limits(attempt, part=1 if asked.sure else EASY)):
            _insert(signup, *_address_limits(signup))
            return Answer.SENT
    return Answer.TOO_MANY if asked.sure else Answer.ONCE_MORE


def _network_limits(attempt: Attempt, part: int) -> tuple[str, list]:
    """While an attempt may be written, as SQL and its values."""
    most, most_nearby = MOST_AN_HOUR // part, MOST_AN_HOUR_NEARBY.get(attempt.block[-3:], MOST_AN_HOUR) // part
    near = [attempt.block, connection.ops.adapt_datetimefield_value(attempt.at - HOUR)]
    sql = """(SELECT count(*) FROM {table} WHERE block = %s AND at > %s AND network = %s) < %s
        AND (SELECT count(*) FROM {table} WHERE block = %s AND at > %s) < %s"""
    network = Attempt._meta.get_field("network").get_db_prep_save(attempt.network, connection)
    return sql, [*near, network, most, *near, most_nearby]


def _address_limits(signup: SignUp) -> tuple[str, list]:
    """The same for a sign-up."""
    quiet, day = (connection.ops.adapt_datetimefield_value(signup.asked_at - age) for age in (QUIET, DAY))
    sql = """NOT EXISTS (SELECT 1 FROM {table} WHERE key = %s AND asked_at > %s)
        AND (SELECT count(*) FROM {table} WHERE key = %s AND asked_at > %s) < %s"""
    return sql, [signup.key, quiet, signup.key, day, MOST_A_DAY]


def _insert(record: Attempt | SignUp, limits: str, values: list) -> bool:
    """Write the row if its limits allow it, in one statement; whether they did.

    SQLite has one writer at a time anyway. PostgreSQL would let several count before any of them has written."""
    fields = [field for field in record._meta.concrete_fields if not field.primary_key]
    row = {field.column: field.get_db_prep_save(getattr(record, field.attname), connection) for field in fields}
    table, columns = connection.ops.quote_name(record._meta.db_table), map(connection.ops.quote_name, row)
    sql = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(['%s'] * len(row))} WHERE {limits}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(sql.replace("{table}", table), [*row.values(), *values])
        return cursor.rowcount == 1


# --- The worker's part


def write_due(now: datetime | None = None) -> int:
    """Mail whoever waits for a letter about a sign-up; how many letters were handed over. Safe to run beside itself.

    In a copy of the database those get one who used its own pages, and not those who were waiting in the original."""
    written, waiting = 0, SignUp.objects.due(now)
    if waiting.exists() and (since := permit.held_since(now)):
        waiting = waiting.filter(Q(asked_at__gte=since) | Q(used_at__gte=since))
    for signup in waiting.select_related("moves").order_by("asked_at", "pk")[:100]:
        if SignUp.objects.claim(signup, now or timezone.now()):
            try:
                written += _write(signup)
            except SMTPRecipientsRefused as refusal:
                _put_off(signup, refusal, for_good=all(code >= 500 for code, _said in refusal.recipients.values()))
            except Exception as fault:
                _put_off(signup, fault)
                if isinstance(fault, OSError):  # the server cannot be reached: no use in asking for the next one
                    break
    return written


def _write(signup: SignUp) -> bool:
    """Write and send what the sign-up calls for; False if that is nothing."""
    owed = _letter(signup)
    if owed:
        letters.send(*owed)
    # A link used in this very moment has asked for its next letter, which is still to be written.
    SignUp.objects.filter(pk=signup.pk, used_at=signup.used_at).update(mailed_at=timezone.now())
    return bool(owed)


def _letter(signup: SignUp) -> tuple[letters.Letter, str] | None:
    """The letter a sign-up calls for, and whom to send it to: to a subscriber only at the address confirmed."""
    if is_suppressed(signup.address):
        return None
    known = Subscriber.objects.confirmed().filter(key=signup.key).first()
    if signup.used_at and signup.moves:
        is_new_address = signup.key == signup.moves.key
        letter = letters.welcome(signup.moves) if is_new_address else letters.moved(signup.moves, signup.address)
        return letter, signup.address
    if signup.used_at:
        return (letters.welcome(known), known.address) if known else None
    if known:
        return (letters.already_subscribed(known, signup), known.address) if known != signup.moves else None
    return letters.confirmation(signup), signup.address


def _put_off(signup: SignUp, fault: Exception, *, for_good: bool = False) -> None:
    """Try later. The log has the kind of the fault alone, for its words often hold the address."""
    logger.warning("Mail about sign-up %s was not sent: %s", signup.pk, type(fault).__name__)
    later = timezone.now() + PAUSE * 3**signup.attempts
    attempts = MOST_ATTEMPTS if for_good else signup.attempts + 1
    SignUp.objects.filter(pk=signup.pk, used_at=signup.used_at).update(attempts=attempts, not_before=later)


def is_suppressed(address: str) -> bool:
    """Whether nothing is ever mailed to this address."""
    return Suppression.objects.filter(fingerprint=fingerprint(address)).exists()


def forget_old(now: datetime | None = None) -> int:
    """Delete sign-ups after 30 days, how many there were: what was never confirmed is none of our business, and
    what was is noted with the subscriber. Attempts go once they count no longer, and secrets that open nothing."""
    now = now or timezone.now()
    Attempt.objects.filter(at__lt=now - HOUR).delete()
    FormerSecret.objects.filter(until__lte=now).delete()
    return SignUp.objects.filter(asked_at__lt=now - KEPT).delete()[0]


# --- The link is used


def confirm(signup: SignUp, network: str | None = None, now: datetime | None = None) -> Subscriber | None:
    """Do what the link promises, once: subscribe, or change the address. The subscriber, or None if the link has been
    used or has run out, or if the address it would change to has become somebody's."""
    now = now or timezone.now()
    if not signup.is_open(now) or is_suppressed(signup.address):
        return None
    try:
        with transaction.atomic():
            welcome = {"mailed_at": None, "attempts": 0, "not_before": None}
            if not SignUp.objects.filter(pk=signup.pk, used_at=None).update(used_at=now, **welcome):
                return None
            Departure.objects.filter(fingerprint=fingerprint(signup.address)).delete()
            subscriber = _move(signup, now) if signup.moves else _subscribe(signup, now)
            _note(subscriber, signup, network, now)
    except IntegrityError:
        return None
    return subscriber


def _subscribe(signup: SignUp, now: datetime) -> Subscriber:
    """Subscribe a new reader, or one who had left, as if anew. Who gets letters already gets no fewer: what the link
    offers to follow is added, or else every review comes."""
    followed = following.read(signup.follow) if signup.follow else None
    fresh = {"address": signup.address, "confirmed_at": now, "only_followed": followed is not None}
    subscriber, is_new = Subscriber.objects.get_or_create(key=signup.key, defaults=fresh | {"source": "site"})
    if not is_new:
        known = Subscriber.objects.filter(pk=subscriber.pk)
        if known.filter(state=Subscriber.State.LEFT).update(**fresh, **AS_NEW):
            subscriber.follows.all().delete()
        elif not followed and known.filter(only_followed=True).update(only_followed=False):
            digests.ask_for_more(subscriber, now=now)
            known.update(digests_from=subscriber.digests_from)
        subscriber.refresh_from_db()
    if followed:
        following.add(subscriber, followed)
    return subscriber


def _move(signup: SignUp, now: datetime) -> Subscriber:
    """The new address takes the place of the old. Every link mailed to the old one dies with the secret, but for that
    to leave; sign-ups of it are forgotten, and no list brings it back. Raises IntegrityError if another subscriber
    confirmed the new address meanwhile."""
    subscriber, old = signup.moves, signup.moves.address
    Subscriber.objects.filter(key=signup.key, state=Subscriber.State.LEFT).exclude(pk=subscriber.pk).delete()
    SignUp.objects.filter(key=key_of(old), moves=None).delete()
    Departure.note([key_of(old)], now)
    subscriber.renew_secret(now)
    subscriber.address, subscriber.soft_bounces = signup.address, 0
    subscriber.save(update_fields=["address", "key", "secret", "soft_bounces"])
    notice = {"address": old, "key": key_of(old), "asked_at": now, "used_at": now, "secret": token_hex(32)}
    SignUp.objects.create(moves=subscriber, **notice)
    return subscriber


def _note(subscriber: Subscriber, signup: SignUp, network: str | None, now: datetime) -> None:
    """Keep the proof of consent with the subscriber: what was asked, shown and pressed, when and from where."""
    mailed = f", mailed {signup.mailed_at:%Y-%m-%d %H:%M} UTC" if signup.mailed_at else ""
    page, what = "/subscribe/confirm/", Consent.What
    if signup.moves:
        proof = f"Button behind the link in the mail to the new address{mailed}"
        subscriber.consents.create(what=what.MOVED, at=now, network=network, page=page, proof=proof)
        return
    shown = {"wording": signup.wording, "subscriber": subscriber}
    asked = {"what": what.ASKED, "at": signup.asked_at, "page": signup.page, "network": signup.network}
    pressed = {"what": what.CONFIRMED, "at": now, "page": page, "network": network}
    asked["proof"] = f"Form on the site{f', asked for {signup.follow}' if signup.follow else ''}"
    pressed["proof"] = f"Button behind the link in the confirmation mail{mailed}"
    Consent.objects.bulk_create([Consent(**asked, **shown), Consent(**pressed, **shown)])
