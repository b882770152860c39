"""Addresses: what is one, when two are the same, and how one is shown to who should not read it."""

import contextlib
import hashlib
import hmac
from difflib import get_close_matches
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ValidationError
from email_validator import EmailNotValidError, validate_email

ADDRESS_LENGTH = 254
"""RFC 5321, 4.5.3.1.3: a path has at most 256 octets, two of them the angle brackets."""
TYPED_LENGTH = 320  # nothing longer is even looked at
FREQUENT_DOMAINS = (
    *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "live.com", "yahoo.com", "yahoo.co.uk"),
    *("icloud.com", "me.com", "aol.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "orange.fr", "free.fr", "laposte.net"),
    *("proton.me", "protonmail.com", "fastmail.com", "mail.com", "btinternet.com", "comcast.net", "libero.it", "bluewin.ch"),
    *("ymail.com", "email.com", "gmx.com", "gmx.at", "gmx.ch", "protonmail.ch", "fastmail.fm"),  # real, and like another
)  # fmt: skip
TAKEN_FOR = {"gmail.co.uk": "gmail.com"}
"""Domains without mailboxes that readers take for a frequent one."""


def clean_address(text: str) -> str:
    """An address as somebody typed it, ready to be written to. Raises ValidationError saying what to do.

    Only the form is judged: no server is asked whether the address exists."""
    text = text.strip()
    if len(text) > TYPED_LENGTH:
        raise ValidationError("This is too long for an email address.", code="long")
    if not text:
        raise ValidationError("Type your email address, for example name@example.org.", code="empty")
    if any(char in text for char in "\r\n\0"):
        raise ValidationError("An address stands on one line, for example name@example.org.", code="lines")
    if text.count("@") > 1 and any(char in text for char in ",; "):
        raise ValidationError("One address at a time, please.", code="several")
    if "@" not in text:
        raise ValidationError("This address has no @ sign. It should look like name@example.org.", code="no-at")
    try:
        found = validate_email(
            text, check_deliverability=False, allow_quoted_local=False, allow_smtputf8=True, test_environment=False,
            strict=True, globally_deliverable=not settings.DEBUG,
        )  # fmt: skip
    except (EmailNotValidError, UnicodeError) as error:
        raise ValidationError(
            f"This does not look like an email address: {_lowered(str(error))}", code="form"
        ) from None
    if not found.local_part.isascii():  # few servers pass such mail on, and Django's mailer refuses it
        raise ValidationError(
            "We can only write to addresses with plain letters (a to z) before the @ sign.", code="letters"
        )
    if len(found.normalized.encode()) > ADDRESS_LENGTH:
        raise ValidationError("This is too long for an email address.", code="long")
    return found.normalized


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def likely_meant(address: str) -> str | None:
    """The address with its domain corrected if that looks like a slip of a frequent one: name@gmial.com."""
    local, _at, domain = address.rpartition("@")
    domain = domain.lower()
    if domain in FREQUENT_DOMAINS:
        return None
    known = (*FREQUENT_DOMAINS, *TAKEN_FOR)
    swapped = (f"{domain[:n]}{domain[n + 1]}{domain[n]}{domain[n + 2 :]}" for n in range(len(domain) - 1))
    close = [slip for slip in swapped if slip in known] or get_close_matches(domain, known, n=1, cutoff=0.86)
    return f"{local}@{TAKEN_FOR.get(close[0], close[0])}" if close else None


def key_of(address: str) -> str:
    """The address as it is compared: in small letters, its domain in the ASCII form (IDNA).

    Dots and plus signs stay: what they mean is up to the mailbox's provider. So do ß and its kind: casefold() would
    make one of two mailboxes."""
    local, _at, domain = address.strip().rpartition("@")
    return f"{local.lower()}@{_ascii_domain(domain)}"[:ADDRESS_LENGTH]


@lru_cache(maxsize=10_000)
def _ascii_domain(domain: str) -> str:
    with contextlib.suppress(EmailNotValidError, UnicodeError):
        domain = validate_email(
            f"x@{domain}", check_deliverability=False, globally_deliverable=False, test_environment=True
        ).ascii_domain
    return domain.lower()


def fingerprint(address: str) -> str:
    """A keyed hash of the address: enough to know it again, not enough to write to it."""
    return fingerprint_of(key_of(address))


def fingerprint_of(key: str) -> str:
    """The same, of an address in the form key_of() gives."""
    secret = hashlib.sha256(b"suppression:" + settings.FINGERPRINT_KEY.encode()).digest()
    return hmac.new(secret, key.encode(), hashlib.sha256).hexdigest()


def masked(address: str) -> str:
    """The address as it is shown where others may look: "c…@example.org"."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
