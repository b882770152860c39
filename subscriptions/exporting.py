"""Exporting all readers with everything that is known of them, as a table that spreadsheets open."""

import csv
from collections.abc import Iterable, Iterator
from itertools import batched

from django.db.models import prefetch_related_objects

from subscriptions import following
from subscriptions.models import Departure, Subscriber, Suppression

BATCH = 1_000
HEAD = (
    *("Email address", "Status", "Letters", "Only what they follow", "Day", "Hour", "Paused until", "Confirmed at"),
    *("Left at", "Why it ended", "Source", "Follows", "Consents", "Reports that came back"),
)
KEPT_OUT_HEAD = ("Fingerprint", "Why", "Since", "Note")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Line:
    """What csv writes to: hands the line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def safe(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


def lines() -> Iterator[str]:
    """The table, line by line; a batch of readers is in memory at a time."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(HEAD)
    readers = Subscriber.objects.order_by("pk").iterator(chunk_size=BATCH)
    for some in batched(readers, BATCH):
        what = ("follows__person", "follows__author", "follows__tag", "follows__season")
        prefetch_related_objects(some, *what, "consents__wording", "bounce_reports")
        for reader in some:
            yield writer.writerow(map(safe, _cells(reader)))


def kept_out_lines() -> Iterator[str]:
    """The fingerprints of addresses that are never written to, and of those that no list brings back."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(KEPT_OUT_HEAD)
    for one in Suppression.objects.order_by("pk").iterator(chunk_size=BATCH):
        yield writer.writerow(map(safe, (one.fingerprint, one.why, _iso(one.since), one.note)))
    for one in Departure.objects.order_by("pk").iterator(chunk_size=BATCH):
        yield writer.writerow(map(safe, (one.fingerprint, "left", _iso(one.since), "")))


def _cells(reader: Subscriber) -> Iterable[object]:
    follows = (following.of(follow).word for follow in reader.follows.all())
    consents = (
        " | ".join(filter(None, [f"{consent.at:%Y-%m-%d %H:%M} UTC", *_words(consent)]))
        for consent in reader.consents.all()
    )
    reports = (
        " | ".join(filter(None, [f"{report.at:%Y-%m-%d %H:%M} UTC", str(report), report.detail]))
        for report in reader.bounce_reports.all()
    )
    return (
        *(reader.address, reader.state, reader.rhythm, reader.only_followed, reader.day, reader.hour),
        *(_iso(reader.paused_until), _iso(reader.confirmed_at), _iso(reader.left_at), reader.ended, reader.source),
        *("; ".join(follows), "\n".join(consents), "\n".join(reports)),
    )


def _words(consent) -> list[str]:
    said = consent.wording.text if consent.wording else ""
    return [consent.get_what_display(), consent.page, consent.network or "", said, consent.proof]


def _iso(moment) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
