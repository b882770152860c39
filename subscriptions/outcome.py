"""What became of one message: said by whoever handed it over, weighed by who keeps the books."""

import re
from enum import Enum, auto
from typing import NamedTuple

ANSWER_LENGTH = 200  # of Delivery.answer
_ADDRESS = re.compile(r"[^\s<>:;,]+@[^\s<>:;,]+")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\ud800-\udfff]+")


class Fate(Enum):
    """All that can be known of a message once it was tried."""

    ACCEPTED = auto()
    LATER = auto()  # refused for the time being
    FAILED = auto()  # refused for good: a server says that something is wrong with the address
    BLOCKED = auto()  # refused for good because of who we are or what we write
    UNSENT = auto()  # failed before any server was asked: this mail cannot be written, or not be addressed
    CUT = auto()  # the connection ended before the final dot, so that nothing was delivered
    BUSY = auto()  # the provider lets nobody in for the time being
    REFUSED = auto()  # the provider lets nobody in, and may not before something is changed: no connection, wrong password, no such sender
    UNKNOWN = auto()  # the connection ended after the final dot and before the answer


class Outcome(NamedTuple):
    fate: Fate
    answer: str = ""


def without_address(text: str, address: str = "") -> str:
    """What a mail server said, on one line and without addresses: fit for logs and for the editors' page."""
    text = _UNPRINTABLE.sub(" ", text)
    if address and address.lower() in text.lower():  # one with spaces or brackets, which the pattern does not know
        text = re.sub(re.escape(address), "…", text, flags=re.IGNORECASE)
    return _ADDRESS.sub("…", text).strip()[:ANSWER_LENGTH]
