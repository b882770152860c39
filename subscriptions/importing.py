"""Importing readers from a list that another system exported.

A list is run twice: once to report what would happen, once to do it. It never brings back who left or is suppressed,
never changes who is here already, and sends nothing: who is imported gets what is published from now on. Who had left
where the list comes from is remembered, so that no other list brings them in either. Everything goes by batches, so
that a list of a million lines needs no more memory than one of a thousand."""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import batched
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from subscriptions import lists
from subscriptions.addresses import TYPED_LENGTH, clean_address, fingerprint_of, key_of
from subscriptions.models import Consent, Departure, Follow, Subscriber, Suppression, Wording

BATCH = 1_000
MOST_FAULTS = 200  # listed one by one; the rest are counted
UPLOADS_KEPT_SECONDS = 24 * 3600
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
    Fate.NEW: ("new reader", "new readers"),
    Fate.KNOWN: ("gets mail already, and stays as they are", "get mail already, and stay as they are"),
    Fate.LEFT: (
        "left this publication before, and is not brought back",
        "left this publication before, and are not brought back",
    ),
    Fate.SUPPRESSED: (
        "is never written to: the address does not work, or they asked for it",
        "are never written to: their address does not work, or they asked for it",
    ),
    Fate.ENDED: (
        "had left or bounced where the list comes from, and comes with no other list",
        "had left or bounced where the list comes from, and come with no other list",
    ),
    Fate.TWICE: ("stands in the list more than once", "stand in the list more than once"),
    Fate.INVALID: ("holds no address that can be written to", "hold no address that can be written to"),
}
"""Of one, and of several."""
UNREAD = (
    "choice or follow means nothing here, and was passed over",
    "choices or follows mean nothing here, and were passed over",
)


@dataclass
class Report:
    """What became, or would become, of every row. `faults` are (line, reason) of those that hold no address; `unread`
    counts what readers had chosen that means nothing here."""

    system: str
    counts: Counter = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)
    unread: int = 0

    @property
    def rows(self) -> int:
        return self.counts.total()

    @property
    def lines(self) -> list[tuple[int, str]]:
        """How many of each, in words, but for those there are none of."""
        found = [(self.counts[fate], words) for fate, words in WORDS.items()]
        return [(many, words[many > 1]) for many, words in (*found, (self.unread, UNREAD)) if many]

    @property
    def changes_something(self) -> bool:
        """Whether there is a reader to import, or one to remember as gone."""
        return bool(self.counts[Fate.NEW] or self.counts[Fate.ENDED])

    @property
    def unlisted_faults(self) -> int:
        return self.counts[Fate.INVALID] - len(self.faults)


@dataclass(frozen=True)
class Origin:
    """Where a list comes from, for the proof of consent."""

    name: str
    by: str = ""
    statement: str = STATEMENT


# --- What becomes of it


def run(path: Path, origin: Origin | None = None) -> Report:
    """Read a list and, with an origin, import it; without one only say what would happen.

    Raises ValidationError, in words for whoever imports it, for what is no table with a column of addresses. An import
    that is interrupted can be run again: what it did is then known already."""
    columns, table = lists.opened(path)
    report = Report(columns.system)
    wording = Wording.objects.get_or_create(text=origin.statement)[0] if origin else None
    with closing(sqlite3.connect("")) as seen:  # a file of its own that goes with the connection, not in memory
        seen.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")
        _find_ended(path, seen)
        for some in batched((columns.read(line, cells) for line, cells in table), BATCH):
            fresh, ended = _weigh(some, report, seen)
            if origin:
                _write(fresh, report, origin, wording)
                _remember(ended)
    return report


def _find_ended(path: Path, seen: sqlite3.Connection) -> None:
    """Gather who has a row that says they left, before any row of theirs, wherever it stands, is weighed."""
    columns, table = lists.opened(path)
    seen.execute("CREATE TABLE ended (key TEXT PRIMARY KEY) WITHOUT ROWID")
    addresses = (columns.address_in(cells) for _line, cells in table if not lists.is_on(columns.values(cells)))
    keys = ([key_of(address[:TYPED_LENGTH])] for address in addresses)
    seen.executemany("INSERT OR IGNORE INTO ended VALUES (?)", keys)


def _weigh(
    rows: Iterable[lists.Row], report: Report, seen: sqlite3.Connection
) -> tuple[dict[str, tuple[lists.Row, str]], list[str]]:
    """Sort a batch: the new ones by their key, with the address as it is written to; and the keys of who had left."""
    valid: dict[str, tuple[lists.Row, str]] = {}
    ended: list[str] = []
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
        elif not row.is_on or seen.execute("SELECT 1 FROM ended WHERE key = ?", [key]).fetchone():
            report.counts[Fate.ENDED] += 1
            ended.append(key)
        else:
            valid[key] = row, address
    states = dict(Subscriber.objects.filter(key__in=valid).values_list("key", "state"))
    prints = {fingerprint_of(key): key for key in valid}
    suppressed = Suppression.objects.filter(fingerprint__in=prints).values_list("fingerprint", flat=True)
    departed = Departure.objects.filter(fingerprint__in=prints).values_list("fingerprint", flat=True)
    fates = {prints[found]: Fate.LEFT for found in departed}
    fates |= {key: Fate.LEFT if state == Subscriber.State.LEFT else Fate.KNOWN for key, state in states.items()}
    fates |= {prints[found]: Fate.SUPPRESSED for found in suppressed}
    report.counts.update(fates.get(key, Fate.NEW) for key in valid)
    fresh = {key: found for key, found in valid.items() if key not in fates}
    report.unread += sum(row.unread for row, _address in fresh.values())
    return fresh, ended


@transaction.atomic
def _write(fresh: dict[str, tuple[lists.Row, str]], report: Report, origin: Origin, wording: Wording) -> None:
    """Make subscribers with their consent. Whoever signs up in this very moment stays as they are."""
    now = timezone.now()
    made = [
        Subscriber(address=address, key=key, confirmed_at=now, source=f"import: {origin.name}"[:60], **row.choices)
        for key, (row, address) in fresh.items()
    ]
    for subscriber in made:
        subscriber.digests_from = subscriber.paused_until  # what a pause missed does not come afterwards
    Subscriber.objects.bulk_create(made, ignore_conflicts=True)
    ours = Subscriber.objects.filter(secret__in=[subscriber.secret for subscriber in made], key__in=fresh)
    consents, follows = [], []
    for subscriber in ours.only("pk", "key"):
        row, _address = fresh[subscriber.key]
        since = f", there since {row.opted_in:%Y-%m-%d}" if row.opted_in else ""
        by = f" by {origin.by}" if origin.by else ""
        words = f"; the list says: {row.words}" if row.words else ""
        proof = f"{report.system}, {origin.name[:60]}, line {row.line}{since}; imported{by} on {now:%Y-%m-%d}{words}"
        consents.append(
            Consent(
                subscriber=subscriber,
                what=Consent.What.IMPORTED,
                at=row.opted_in or now,
                network=row.network,
                wording=wording,
                proof=proof[:300],
            )
        )
        follows += [Follow(subscriber=subscriber, **{one.kind: one.value}) for one in row.follows]
    Consent.objects.bulk_create(consents)
    Follow.objects.bulk_create(follows)
    if others := len(fresh) - len(consents):
        report.counts.update({Fate.NEW: -others, Fate.KNOWN: others})


def _remember(ended: list[str]) -> None:
    """Keep who had left elsewhere from coming with another list; who gets our letters asked for them here."""
    ours = set(Subscriber.objects.confirmed().filter(key__in=ended).values_list("key", flat=True))
    Departure.note((key for key in ended if key not in ours), timezone.now())


# --- Lists that were chosen on the page, until they are imported


def uploads() -> Path:
    """Where they lie: nobody but the site's own user can read it, and nothing serves it."""
    folder = settings.DATA_DIR / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def forget_uploads() -> None:
    """Delete those that nobody imported within a day."""
    for file in uploads().iterdir():
        with suppress(FileNotFoundError):  # imported in this very moment
            if file.stat().st_mtime < time.time() - UPLOADS_KEPT_SECONDS:
                file.unlink()
