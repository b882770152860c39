"""Keeping the index right. Why it is done this way: the docstring of the package."""

import time
from collections import defaultdict
from functools import cache

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from config.tasks import every
from reviews.search.documents import BUILDERS, Document, Kind, dependants
from reviews.search.engine import Engine
from reviews.search.postgresql import PostgreSQLEngine
from reviews.search.sqlite import SQLiteEngine

AT_ONCE = 400  # records indexed in one transaction: others wait to write for about half a second at most
BEFORE_A_SEARCH = 60  # records that a search may index before it looks
MOST_ROUNDS = 4  # of those: a person renamed, the films credited, their reviews, and what came in between


@cache
def engine(using: str = DEFAULT_DB_ALIAS) -> Engine:
    """The index on a database."""
    engines = {"sqlite": SQLiteEngine, "postgresql": PostgreSQLEngine}
    return engines[connections[using].vendor](using)


def watch(using: str, plan=(), **kwargs) -> None:
    """Set the triggers after migrating, and index everything anew if anything was migrated."""
    index = engine(using)
    if index.exists():
        with transaction.atomic(using=using):
            index.watch()
            if plan:
                index.note_all()


def drain(limit: int = AT_ONCE, *, wait: bool = True) -> int:
    """Index some of the records that have changed; how many notes were dealt with. Zero if there are none, or if
    somebody else is at it and we do not wait."""
    index = engine()
    with index.only_one(wait) as is_ours:
        notes = index.take(limit) if is_ours else []
        changed = defaultdict(set)
        for kind, pk in notes:
            changed[Kind(kind)].add(pk)
        for kind, found in changed.items():
            ids = sorted(found)
            before = index.keys(kind, ids)
            made = list(BUILDERS[kind](ids))
            index.replace(kind, ids, made)
            for other, others in dependants(kind, _to_follow(kind, ids, before, made)).items():
                index.note(other, others)
    return len(notes)


def _to_follow(kind: Kind, ids: list[int], before: dict[int, set[str]], made: list[Document]) -> list[int]:
    """Of the records indexed, those whose dependants have to be: those with other names than before. A film's
    people are words of its reviews, so of films all."""
    if kind is Kind.FILM:
        return ids
    now = {document.pk: document.keys for document in made}
    return [pk for pk in ids if before.get(pk) != now.get(pk)]


def catch_up(seconds: float = 60.0) -> int:
    """Index what has changed until nothing is left or the time is up; how many notes were dealt with."""
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end and engine().is_behind() and (done := drain()):
        count += done
    return count


@every(seconds=5)
def index_changes() -> int:
    """Bring the index up to date; how many changes there were. What is left is for the next turn."""
    return catch_up(seconds=20)


def freshen() -> None:
    """Before a search: index the little that has changed since the last. Never waits for somebody else."""
    for _round in range(MOST_ROUNDS):
        if not (engine().is_behind() and drain(BEFORE_A_SEARCH, wait=False)):
            return


def rebuild(progress=lambda done, total: None) -> dict[Kind, int]:
    """Index everything anew; how many records of each kind can be found then. Readers search the old index
    meanwhile, and what is interrupted is finished by the worker."""
    index = engine()
    with index.only_one(wait=True):
        index.forget_words()
        index.note_all()
    total, done = index.behind(), 0
    while count := drain():
        done += count
        progress(done, max(total, done))
    index.optimise()
    return counts()


def counts() -> dict[Kind, int]:
    """How many records of each kind the index holds."""
    tables = {kind: f"search_{kind.name.lower()}" for kind in Kind}
    return {kind: engine().execute(f"SELECT count(*) FROM {table}")[0][0] for kind, table in tables.items()}
