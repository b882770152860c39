"""Mail that comes back, read: delivery reports (RFC 3464), complaints (RFC 5965) and reports in prose.

What is read here is a claim of whoever sent it. Whether it is believed is decided in subscriptions/bounces.py."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import getaddresses

from flufl.bounce import all_failures

from subscriptions.models import BounceReport
from subscriptions.outcome import without_address

Kind = BounceReport.Kind

MOST_BYTES = 512 * 1024  # a mail of ours, sent back whole with its report, is a fifth of this
# RFC 3463, and what follows from each for us. A status that ends in 0 says no more than its class.
HARD = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}  # nobody there
SOFT = {"5.2.2", "5.2.3", "5.3.4"}  # full, too long, too large
OURS = {"5.1.7", "5.1.8"}  # our own address is at fault
OUR_CLASSES = ("5.4.", "5.5.", "5.6.", "5.7.")  # routes, dialogue, content, policy
COMPLAINTS = {"abuse", "fraud", "opt-out", "opt-out-list"}

_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")
_NOBODY = re.compile(
    r"(?:user|address|account|mailbox|recipient)\W+(?:is\W+|was\W+)?(?:unknown|not found|not exist|disabled|inactive)"
    r"|(?:unknown|no such|invalid|illegal) (?:user|address|recipient|mailbox|account)"
    r"|(?:user|address|account|mailbox|recipient)[^.\n]{0,60} does(?:n.t| not) exist|recipientnotfound",
    re.IGNORECASE,
)
_DAEMON = re.compile(r"mailer[-_ ]?daemon|postmaster|mail delivery (?:sub)?system", re.IGNORECASE)
_COPY_FOLLOWS = re.compile(
    r"^.*(?:copy of (?:the|your|original)|original message|message headers|undelivered message).*$",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Report:
    """What a returned mail claims: that something became of ours, and which of ours it was."""

    kind: Kind
    status: str
    detail: str  # without addresses
    identity: str  # the same for the same report, however often it is delivered
    sent_to: tuple[str, ...]  # where it was delivered: our return path among others
    recipients: tuple[str, ...] = ()  # for whom ours was
    returned: Message | None = None  # the headers of ours


def read(raw: bytes, envelope_to: str = "") -> Report | None:
    """What a mail says of one of ours; None for all other mail: answers, notices of holidays, letters to the editor,
    reports of delay or success. Never raises, whatever the bytes."""
    try:
        return _read(message_from_bytes(raw[:MOST_BYTES]), raw, envelope_to)
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError):
        return None  # too broken to be understood: by the parser, by flufl.bounce or by us


def _read(message: Message, raw: bytes, envelope_to: str) -> Report | None:
    kinds: dict[str, Message] = {}
    for part in message.walk():
        kinds.setdefault(part.get_content_type(), part)
    fields = {
        "identity": _identity(message, raw),
        "sent_to": (*_addresses(message, "Delivered-To", "X-Original-To", "Envelope-To", "To"), envelope_to),
    }
    if complaint := kinds.get("message/feedback-report"):
        return _complaint(complaint, _returned(kinds), fields)
    if status := kinds.get("message/delivery-status"):
        return _from_blocks(status, _returned(kinds), fields)
    if message.get_content_type() == "multipart/report" or _DAEMON.search(str(message["From"] or "")):
        return _from_prose(message, fields)
    return None


def _identity(message: Message, raw: bytes) -> str:
    named = " ".join(str(message["Message-ID"] or "").split())
    return hashlib.sha256(named.encode(errors="replace") or raw).hexdigest()


# --- Three kinds of report ----------------------------------------------------------------------


def _complaint(part: Message, returned: Message | None, fields: dict) -> Report | None:
    said = _first_block(part)
    feedback = str(said["Feedback-Type"] or "abuse").strip().lower()
    if feedback not in COMPLAINTS:
        return None
    recipients = [*_addresses(said, "Original-Rcpt-To", "Removal-Recipient"), *_addresses(returned, "To")]
    detail = without_address(f"{feedback} {said['User-Agent'] or ''}")
    return Report(Kind.COMPLAINT, "", detail, recipients=tuple(recipients), returned=returned, **fields)


def _from_blocks(part: Message, returned: Message | None, fields: dict) -> Report | None:
    """The first recipient that failed for good; ours have only one each, a forwarder's may have more."""
    blocks = part.get_payload() if part.is_multipart() else []
    failed = [block for block in blocks if str(block["Action"] or "").strip().lower() == "failed"]
    if not failed:
        return None
    block = failed[0]
    said = f"{block['Status'] or ''} {block['Diagnostic-Code'] or ''}"
    recipients = [_typed(block[name]) for name in ("Original-Recipient", "Final-Recipient") if block[name]]
    recipients += _addresses(returned, "To")
    kind, status = judge(said)
    return Report(
        kind, status, without_address(said), recipients=tuple(recipients), returned=returned, **fields
    )  # fmt: skip


def _from_prose(message: Message, fields: dict) -> Report | None:
    """A report for people. flufl.bounce knows many servers' words; the codes are found between the lines."""
    text, returned = _told_and_returned(message)
    temporary, permanent = all_failures(message)
    found = [address.decode(errors="replace") for address in (*permanent, *temporary)]
    if not (found or _STATUS.search(text) or _REPLY.search(text)):
        return None
    kind, status = judge(text)
    answer = _STATUS.search(text) or _REPLY.search(text)
    start = text.rfind("\n", 0, answer.start()) + 1 if answer else 0
    return Report(
        kind, status, without_address(text[start : start + 400]),
        recipients=(*found, *_addresses(message, "X-Failed-Recipients"), *_addresses(returned, "To")),
        returned=returned, **fields,
    )  # fmt: skip


def judge(said: str) -> tuple[Kind, str]:
    """What a server's answer means for us, and its status: the most telling code in it, else its words, else the
    class of the code. What says nothing at all counts as temporary."""
    codes = _STATUS.findall(said)
    telling = next((code for code in codes if not code.endswith(".0")), "")
    if telling:
        return _kind_of(telling), telling
    status = codes[0] if codes else ""
    reply = _REPLY.search(said)
    if _NOBODY.search(said) and not status.startswith("4") and not (reply and reply[1] == "4"):
        return Kind.HARD, status
    return _kind_of(status), status


def _kind_of(status: str) -> Kind:
    if status in HARD:
        return Kind.HARD
    if status in OURS or (status not in SOFT and status.startswith(OUR_CLASSES)):
        return Kind.OURS
    return Kind.SOFT


# --- Parts of a message -------------------------------------------------------------------------


def _first_block(part: Message) -> Message:
    payload = part.get_payload()
    return payload[0] if isinstance(payload, list) and payload else message_from_string(str(payload))


def _returned(kinds: dict[str, Message]) -> Message | None:
    """Our own message as far as it came back: whole, or its headers as text."""
    if "message/rfc822" in kinds:
        return _first_block(kinds["message/rfc822"])
    headers = kinds.get("text/rfc822-headers") or kinds.get("message/rfc822-headers")
    return message_from_string(_text_of(headers).lstrip()) if headers else None


def _told_and_returned(message: Message) -> tuple[str, Message | None]:
    """The prose, and the headers of our message that follow it."""
    part = next((part for part in message.walk() if part.get_content_type() == "text/plain"), None)
    text = _text_of(part) if part else ""
    follows = _COPY_FOLLOWS.search(text)
    if not follows:
        return text, None
    return text[: follows.start()], message_from_string(text[follows.end() :].lstrip())


def _text_of(part: Message) -> str:
    payload = part.get_payload(decode=True) or b""
    return payload.decode("utf-8", "replace")


def _addresses(message: Message | None, *names: str) -> Iterable[str]:
    if message is None:
        return []
    values = [str(value) for name in names for value in message.get_all(name, [])]
    return [address.strip() for _name, address in getaddresses(values, strict=False) if "@" in address]


def _typed(value: object) -> str:
    """The address in "rfc822; name@example.org"."""
    return str(value).rpartition(";")[2].strip().strip("<>")
