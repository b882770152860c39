"""Importing readers from a list that another system exported.

A list is read twice: once to report what would happen, once to do it. It never brings back who left or is suppressed,
never changes who is here already, and sends nothing: who is imported gets what is published from now on. Everything
goes by batches, so that a list of a million lines needs no more memory than one of a thousand."""

import csv
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import batched
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from subscriptions.addresses import clean_address, fingerprint_of, key_of
from subscriptions.models import Consent, Subscriber, Suppression, Wording

BATCH = 1_000
MOST_FAULTS = 200  # listed one by one; the rest are counted
LONGEST_CELL = 100_000
STATEMENT = (
    "I have the consent of everybody on this list to be sent letters by this publication, and can show it if asked."
)


class Fate(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    KNOWN = "known"
    LEFT = "left"
    SUPPRESSED = "suppressed"
    ENDED = "ended"
    TWICE = "twice"
    INVALID = "invalid"


WORDS = {
    Fate.NEW: "new readers",
    Fate.KNOWN: "get mail already, and stay as they are",
    Fate.LEFT: "left this publication before, and are not brought back",
    Fate.SUPPRESSED: "are never written to: their address does not work, or they asked for it",
    Fate.ENDED: "had left or bounced where the list comes from",
    Fate.TWICE: "stand in the list more than once",
    Fate.INVALID: "hold no address that can be written to",
}

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
GOOD = {"subscribed", "active", "confirmed", "enabled", "opted in", "yes", "true", "1", "regular", "premium"}
TRUE, FALSE = {"true", "yes", "1", "y", "t"}, {"false", "no", "0", "n", "f"}
SYSTEMS = {
    "Ghost": {"subscribed to emails", "complimentary plan"},
    "Mailchimp": {"email address", "euid"},
    "Substack": {"active subscription"},
    "WordPress": {"date subscribed"},
    "Rushes": {"confirmed at", "why it ended"},
}


@dataclass(frozen=True)
class Row:
    """A line of the list: whose it is, since when they get mail there, and whether they still do."""

    line: int
    address: str
    opted_in: datetime | None
    is_on: bool


@dataclass
class Report:
    """What became, or would become, of every row. `faults` are (line, reason) of those that hold no address."""

    system: str
    counts: Counter = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.counts.total()

    @property
    def lines(self) -> list[tuple[int, str]]:
        """How many of each, in words, but for those there are none of."""
        return [(self.counts[fate], words) for fate, words in WORDS.items() if self.counts[fate]]

    @property
    def unlisted_faults(self) -> int:
        return self.counts[Fate.INVALID] - len(self.faults)


@dataclass(frozen=True)
class Origin:
    """Where a list comes from, for the proof of consent."""

    name: str
    by: str = ""
    statement: str = STATEMENT


# --- Reading


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
        if self.address is None:
            shown = ", ".join(f"“{name.strip()[:40]}”" for name in names[:12])
            raise ValidationError(
                "No column of addresses was found. The first line has to name the columns, and one of them has to be "
                f"“Email” or “Email address”. This file’s first line reads: {shown}.",
                code="columns",
            )
        known = set(self.names)
        self.system = next((system for system, marks in SYSTEMS.items() if marks <= known), "a list")
        self.opted_in = [self.names.index(name) for name in OPTED_IN if name in known]

    def _first(self, names: Iterable[str]) -> int | None:
        return next((self.names.index(name) for name in names if name in self.names), None)

    def read(self, line: int, cells: list[str]) -> Row:
        values = {name: cell.strip() for name, cell in zip(self.names, cells, strict=False)}
        address = cells[self.address].strip() if self.address < len(cells) else ""
        if address[:1] == "'" and address[1:2] in "=+-@":  # as we write them ourselves, against formulas
            address = address[1:]
        days = (_moment(cells[place]) for place in self.opted_in if place < len(cells))
        return Row(line, address, next(filter(None, days), None), _is_on(values))


def _is_on(values: dict[str, str]) -> bool:
    """Whether somebody still got mail from the other system."""
    said = {name: value.lower() for name, value in values.items() if value}
    ended = any(name in said for name in ENDED_AT)
    off = any(said.get(name) in FALSE for name in IS_ON) or any(said.get(name) in TRUE for name in IS_OFF)
    states = [_plain(said[name]) for name in STATUS if name in said]
    return not ended and not off and all(state in GOOD for state in states)


def _moment(text: str) -> datetime | None:
    """A day or a moment, if that is what it is and it is no later than now. Without a zone it is UTC, as exports are."""
    text = text.strip()
    try:
        found = parse_datetime(text) or parse_date(text)
    except ValueError:
        return None
    if found is None:
        return None
    if not isinstance(found, datetime):
        found = datetime(found.year, found.month, found.day, tzinfo=UTC)
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found if datetime(1990, 1, 1, tzinfo=UTC) < found <= timezone.now() else None


# --- What becomes of it


def run(path: Path, origin: Origin | None = None) -> Report:
    """Read a list and, with an origin, import it; without one only say what would happen.

    Raises ValidationError, in words for whoever imports it, for what is no table with a column of addresses. An import
    that is interrupted can be run again: what it did is then known already."""
    table = _table(path)
    first = next(table, None)
    if first is None:
        raise ValidationError("This file is empty.", code="empty")
    columns = Columns(first[1])
    report = Report(columns.system)
    wording = Wording.objects.get_or_create(text=origin.statement)[0] if origin else None
    with closing(sqlite3.connect("")) as seen:  # a file of its own that goes with the connection, not in memory
        seen.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")
        for some in batched((columns.read(line, cells) for line, cells in table), BATCH):
            fresh = _weigh(some, report, seen)
            if origin:
                _write(fresh, report, origin, wording)
    return report


def _weigh(rows: Iterable[Row], report: Report, seen: sqlite3.Connection) -> dict[str, tuple[Row, str]]:
    """Sort a batch; the new ones by their key, with the address as it is written to."""
    valid: dict[str, tuple[Row, str]] = {}
    for row in rows:
        try:
            address = clean_address(row.address)
        except ValidationError as error:
            report.counts[Fate.INVALID] += 1
            if len(report.faults) < MOST_FAULTS:
                report.faults.append((row.line, " ".join(error.messages)))
            continue
        key = key_of(address)
        if not seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", [key]).rowcount:
            report.counts[Fate.TWICE] += 1
        elif not row.is_on:
            report.counts[Fate.ENDED] += 1
        else:
            valid[key] = row, address
    states = dict(Subscriber.objects.filter(key__in=valid).values_list("key", "state"))
    prints = {fingerprint_of(key): key for key in valid}
    suppressed = Suppression.objects.filter(fingerprint__in=prints).values_list("fingerprint", flat=True)
    fates = {key: Fate.LEFT if state == Subscriber.State.LEFT else Fate.KNOWN for key, state in states.items()}
    fates |= {prints[found]: Fate.SUPPRESSED for found in suppressed}
    report.counts.update(fates.get(key, Fate.NEW) for key in valid)
    return {key: found for key, found in valid.items() if key not in fates}


@transaction.atomic
def _write(fresh: dict[str, tuple[Row, str]], report: Report, origin: Origin, wording: Wording) -> None:
    """Make subscribers with their consent. Whoever signs up in this very moment stays as they are."""
    now = timezone.now()
    made = [
        Subscriber(address=address, key=key, confirmed_at=now, source=f"import: {origin.name}"[:60])
        for key, (_row, address) in fresh.items()
    ]
    Subscriber.objects.bulk_create(made, ignore_conflicts=True)
    ours = Subscriber.objects.filter(secret__in=[subscriber.secret for subscriber in made], key__in=fresh)
    consents = []
    for subscriber in ours.only("pk", "key"):
        row, _address = fresh[subscriber.key]
        since = f", there since {row.opted_in:%Y-%m-%d}" if row.opted_in else ""
        by = f" by {origin.by}" if origin.by else ""
        proof = f"{report.system}, {origin.name[:150]}, line {row.line}{since}; imported{by} on {now:%Y-%m-%d}"
        consents.append(
            Consent(
                subscriber=subscriber,
                what=Consent.What.IMPORTED,
                at=row.opted_in or now,
                wording=wording,
                proof=proof[:300],
            )
        )
    Consent.objects.bulk_create(consents)
    if others := len(fresh) - len(consents):
        report.counts.update({Fate.NEW: -others, Fate.KNOWN: others})
