"""Reading a list of readers that another system exported: which cell of a row means what."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from subscriptions import following
from subscriptions.models import Subscriber

LONGEST_CELL = 100_000

# --- What the columns of other systems mean. Names are compared in small letters, without what is between words.

ADDRESS = ("email address", "email", "e mail", "e mail address", "subscriber email", "mail", "address")
OPTED_IN = (
    *("confirm time", "optin time", "opt in time", "opted in at", "confirmed at", "date subscribed", "subscribed at"),
    *("subscription date", "subscribed on", "date added", "created at", "start date", "created", "registered"),
)
STATUS = ("status", "subscription status", "state", "global status", "subscriber status", "email status")
IS_ON = ("subscribed to emails", "is email subscriber", "email subscriber", "subscribed")  # false: gets no mail
IS_OFF = ("email disabled", "unsubscribed", "bounced", "is suppressed", "email suppressed")  # true: gets no mail
ENDED_AT = ("unsub time", "clean time", "unsubscribed at", "deleted at", "cleaned at", "left at")
NETWORKS = ("confirm ip", "optin ip", "opt in ip", "signup ip", "ip address")
GOOD = {"subscribed", "active", "confirmed", "enabled", "opted in", "yes", "true", "1", "regular", "premium"}
TRUE, FALSE = {"true", "yes", "1", "y", "t"}, {"false", "no", "0", "n", "f"}
SYSTEMS = {
    "Ghost": {"subscribed to emails", "complimentary plan"},
    "Mailchimp": {"email address", "euid"},
    "Substack": {"active subscription"},
    "WordPress": {"date subscribed"},
    "Rushes": {"confirmed at", "why it ended"},
}
DAYS = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y %I:%M %p", "%b %d, %Y %I:%M %p", "%Y/%m/%d")


@dataclass(frozen=True)
class Row:
    """A line of the list: whose it is, since when they get mail there, and whether they still do. `words` are what
    the list itself says of their consent; from our own export come their choices, and how many could not be read."""

    line: int
    address: str
    opted_in: datetime | None
    is_on: bool
    words: str = ""
    network: str | None = None
    choices: dict = field(default_factory=dict)
    follows: tuple[following.Followed, ...] = ()
    unread: int = 0


def encoding_of(path: Path) -> str:
    """How the file is written: by its mark, by its zeros, as UTF-8 if all of it is, or else as Windows writes."""
    with path.open("rb") as file:
        start = file.read(4096)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        if zeros := start.count(b"\0"):
            return "utf-16-le" if start[1::2].count(b"\0") * 2 > zeros else "utf-16-be"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _table(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of the file with the numbers of their lines. Raises ValidationError if it cannot be read as a table."""
    csv.field_size_limit(LONGEST_CELL)
    with path.open(encoding=encoding_of(path), errors="replace", newline="") as file:
        head = file.readline(LONGEST_CELL)
        separator = max(",;\t|", key=head.count)
        file.seek(0)
        reader = csv.reader((line.replace("\0", "") for line in file), delimiter=separator)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, cells
        except csv.Error as error:
            raise ValidationError(f"Line {reader.line_num} cannot be read: {error}.", code="csv") from None


def _plain(name: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", name.lower()))


class Columns:
    """Which cell of a row means what, by the names above the columns."""

    def __init__(self, names: list[str]):
        self.names = [_plain(name) for name in names]
        self.address = self._first(ADDRESS)
        if self.address is None and re.search("[\x01-\x08\x0e-\x1f\x7f\ufffd]", "".join(names)):
            raise ValidationError(
                "This file cannot be read as a table of text. Export the list as CSV, and choose that file.",
                code="binary",
            )
        if self.address is None:
            shown = ", ".join(f"“{name.strip()[:40]}”" for name in names[:12])
            raise ValidationError(
                "No column of addresses was found. The first line has to name the columns, and one of them has to be "
                f"“Email” or “Email address”. This file’s first line reads: {shown}.",
                code="columns",
            )
        known = set(self.names)
        self.system = next((system for system, marks in SYSTEMS.items() if marks <= known), "a list")
        self.opted_in = [name for name in OPTED_IN if name in known]
        self.proofs = [*self.opted_in, *(name for name in NETWORKS if name in known)]
        self.followed = lru_cache(10_000)(following.read)

    def _first(self, names: Iterable[str]) -> int | None:
        return next((self.names.index(name) for name in names if name in self.names), None)

    def values(self, cells: list[str]) -> dict[str, str]:
        return {name: cell.strip() for name, cell in zip(self.names, cells, strict=False)}

    def address_in(self, cells: list[str]) -> str:
        address = cells[self.address].strip() if self.address < len(cells) else ""
        written_by_us = address[:1] == "'" and address[1:2] in "=+-@"  # against formulas
        return address[1:] if written_by_us else address

    def read(self, line: int, cells: list[str]) -> Row:
        values = self.values(cells)
        days = (_moment(values.get(name, "")) for name in self.opted_in)
        words = ", ".join(f"{name} {values[name][:40]}" for name in self.proofs if values.get(name))
        own = self._chosen(values) if self.system == "Rushes" else {}
        return Row(
            line,
            self.address_in(cells),
            next(filter(None, days), None),
            is_on(values),
            words=words,
            network=next(filter(None, (_network(values.get(name, "")) for name in NETWORKS)), None),
            **own,
        )

    def _chosen(self, values: dict[str, str]) -> dict:
        """What a reader had chosen, from our own export."""
        read = {field: reader(values[name]) for name, (field, reader) in CHOICES.items() if values.get(name)}
        words = [word for word in values.get("follows", "").split("; ") if word]
        follows = [self.followed(word) for word in words]
        return {
            "choices": {field: value for field, value in read.items() if value is not None},
            "follows": tuple(dict.fromkeys(filter(None, follows)))[: following.MOST_FOLLOWS],
            "unread": [*read.values(), *follows].count(None),
        }


def is_on(values: dict[str, str]) -> bool:
    """Whether somebody still got mail from the other system."""
    said = {name: value.lower() for name, value in values.items() if value}
    ended = any(name in said for name in ENDED_AT)
    off = any(said.get(name) in FALSE for name in IS_ON) or any(said.get(name) in TRUE for name in IS_OFF)
    states = [_plain(said[name]) for name in STATUS if name in said]
    return not ended and not off and all(state in GOOD for state in states)


def _moment(text: str) -> datetime | None:
    """A day or a moment, if that is what it is and it is no later than now."""
    found = _aware(text) or _day_in_words(text) or _day_with_slashes(text)
    return found if found and datetime(1990, 1, 1, tzinfo=UTC) < found <= timezone.now() else None


def _aware(text: str) -> datetime | None:
    """A day or a moment as ISO 8601 writes it. Without a zone it is UTC, as exports are."""
    try:
        found = parse_datetime(text) or parse_date(text)
    except ValueError:
        return None
    if found is None:
        return None
    if not isinstance(found, datetime):
        found = datetime(found.year, found.month, found.day, tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _day_in_words(text: str) -> datetime | None:
    for form in DAYS:
        with suppress(ValueError):
            return datetime.strptime(text, form).replace(tzinfo=UTC)
    return None


def _day_with_slashes(text: str) -> datetime | None:
    """A day like 25/12/2021. Of 04/03/2021 nobody can say which is the month: the proof keeps it as it is."""
    found = re.match(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b", text, re.ASCII)
    if not found:
        return None
    first, second, year = map(int, found.groups())
    if first <= 12 and second <= 12 and first != second and "/" in text:
        return None
    day, month = (second, first) if second > 12 else (first, second)
    with suppress(ValueError):
        return datetime(year, month, day, tzinfo=UTC)
    return None


def _network(text: str) -> str | None:
    with suppress(ValueError):
        return str(ip_address(text))
    return None


def _one_of(known: Iterable) -> Callable[[str], object]:
    """A reader of a cell that holds one of these values; None if it does not."""
    values = {str(value).lower(): value for value in known}
    return lambda text: values.get(text.lower())


CHOICES: dict[str, tuple[str, Callable[[str], object]]] = {
    "letters": ("rhythm", _one_of(Subscriber.Rhythm.values)),
    "only what they follow": ("only_followed", _one_of([True, False])),
    "day": ("day", _one_of(range(7))),
    "hour": ("hour", _one_of(range(24))),
    "paused until": ("paused_until", _aware),
}
"""Columns of our own export: the field of Subscriber each is about, and how its cells are read."""


def opened(path: Path) -> tuple[Columns, Iterator[tuple[int, list[str]]]]:
    """The columns of a list and the rows beneath them, each with the number of its line. Raises ValidationError, in words
    for whoever imports it, for what is no table with a column of addresses."""
    table = _table(path)
    first = next(table, None)
    if first is None:
        raise ValidationError("This file is empty.", code="empty")
    return Columns(first[1]), table
