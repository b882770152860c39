"""What both databases do alike, and what each has to do in its own way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import batched

from django.db import connections

from reviews.search.analysis import Query, Term, key_of, read_query, skeleton, slips
from reviews.search.documents import OWN_TABLES, WATCHED, Document, Kind

FEW = 60  # reviews that have changed
MOST_VALUES = 5_000  # in one question; SQLite takes 32,766
Hit = tuple[int, int, int, float]  # kind, primary key, tier, score: small is good


class Tier(IntEnum):
    """How good a match is, before any score."""

    WHOLE = 0  # it is the name
    FIRST = 1  # the name begins with it, and it ends where a word ends
    WORDS = 2  # its words are in names
    BEGINNING = 3  # the name begins with it, in the middle of a word
    NAME = 4  # its words are in names, the last unfinished
    TEXT = 5


@dataclass(frozen=True)
class Part:
    """A part of a question: matches of one kind and tier, so many of the newest, of those that a condition (SQL
    about a record "{id}", and its values) lets through."""

    kind: Kind
    tier: Tier
    limit: int
    only: tuple[str, tuple] | None = None

    def visible(self, column: str) -> tuple[str, tuple]:
        """The condition for a column with the record's key, to follow others."""
        if self.only is None:
            return "", ()
        sql, params = self.only
        return f" AND {sql.replace('{id}', column)}", params


class Engine:
    """The index tables on one database. Nothing here knows what a film is."""

    vendor: str

    def __init__(self, using: str):
        self.using = using

    @property
    def connection(self):
        return connections[self.using]

    def execute(self, sql: str, params: Iterable = ()) -> list[tuple]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, tuple(params))
            return cursor.fetchall() if cursor.description else []

    def exists(self) -> bool:
        return {"search_change", "search_tag"} <= set(self.connection.introspection.table_names())

    # --- Notes of changes

    def watch(self) -> None:
        """Set the triggers that note changes; safe to repeat."""
        tables = set(self.connection.introspection.table_names())
        for table, (kind, column) in WATCHED.items():
            if table in tables:
                for statement in self.triggers(table, kind, column):
                    self.execute(statement)

    def triggers(self, table: str, kind: Kind, column: str) -> Iterator[str]:
        raise NotImplementedError

    def only_one(self, wait: bool):
        """A context manager around a transaction in which nobody else indexes; gives False if somebody does
        and we do not wait."""
        raise NotImplementedError

    def take(self, limit: int) -> list[tuple[int, int]]:
        """Remove some notes; (kind, primary key) of each. A few reviews go first, for readers look for what is new;
        many go last, for the films and people before them would have them indexed again."""
        few = len(self.execute(f"SELECT 1 FROM search_change WHERE kind = {Kind.REVIEW:d} LIMIT {FEW + 1:d}")) <= FEW
        return self.take_above(0 if few else Kind.REVIEW, limit) or self.take_above(0, limit)

    def take_above(self, kind: int, limit: int) -> list[tuple[int, int]]:
        """As take(): those of higher kinds, in order of kind."""
        raise NotImplementedError

    def note(self, kind: Kind, ids: Iterable[int]) -> None:
        """Note records as changed."""
        raise NotImplementedError

    def note_all(self) -> None:
        """Note every record there is, and every one the index still holds."""
        for kind, table in OWN_TABLES.items():
            self.note_from(kind, f'SELECT id FROM "{table}"')
            self.note_from(kind, f"SELECT object_id FROM search_name WHERE kind = {kind:d}")

    def note_from(self, kind: Kind, select: str) -> None:
        raise NotImplementedError

    def is_behind(self) -> bool:
        return bool(self.execute("SELECT 1 FROM search_change LIMIT 1"))

    def behind(self) -> int:
        """How many records are waiting to be indexed."""
        return self.execute("SELECT count(*) FROM (SELECT DISTINCT kind, object_id FROM search_change) AS changed")[0][
            0
        ]

    # --- The index

    def replace(self, kind: Kind, ids: list[int], documents: list[Document]) -> None:
        """Make the index hold these documents, and of the other records named nothing."""
        self.remove_names(kind, ids)
        self.write_names([(kind.value, key, document.pk) for document in documents for key in sorted(document.keys)])
        self.replace_texts(kind, ids, documents)
        self.learn(set().union(*(document.words() for document in documents)))

    def learn(self, words: set[str]) -> None:
        """Remember words, for the correction of spelling, also those of reviews that are not public yet or no longer.
        None is offered that readers cannot find at that moment: finding.corrected() asks."""
        known = {word for found in self.words_like({skeleton(word) for word in words}).values() for word in found}
        self.write_words([(slip, word) for word in sorted(words - known) for slip in sorted(slips(word))])

    def forget_words(self) -> None:
        self.execute("DELETE FROM search_word")

    def optimise(self) -> None:
        """After much was written."""

    def keys(self, kind: Kind, ids: list[int]) -> dict[int, set[str]]:
        """The keys that the index holds of these records."""
        found: dict[int, set[str]] = {}
        if ids:
            marks = ", ".join(["%s"] * len(ids))
            rows = f"SELECT object_id, key FROM search_name WHERE kind = {kind:d} AND object_id IN ({marks})"
            for pk, key in self.execute(rows, ids):
                found.setdefault(pk, set()).add(key)
        return found

    def remove_names(self, kind: Kind, ids: list[int]) -> None:
        raise NotImplementedError

    def write_names(self, rows: list[tuple[int, str, int]]) -> None:
        raise NotImplementedError

    def replace_texts(self, kind: Kind, ids: list[int], documents: list[Document]) -> None:
        raise NotImplementedError

    def write_words(self, rows: list[tuple[str, str]]) -> None:
        raise NotImplementedError

    # --- Questions

    def words_like(self, keys: set[str]) -> dict[str, list[str]]:
        """Words known under each of these keys."""
        found: dict[str, list[str]] = {}
        for some in batched(sorted(keys), MOST_VALUES):
            marks = ", ".join(["%s"] * len(some))
            for slip, word in self.execute(f"SELECT slip, word FROM search_word WHERE slip IN ({marks})", some):
                found.setdefault(slip, []).append(word)
        return found

    def how_many(self, words: list[str], kinds: dict[Kind, tuple[str, tuple] | None], most: int) -> dict[str, int]:
        """How many records of each word there are, of each kind at most so many, of those that its condition (as in
        Part) lets through: one question to the database."""
        selects, params = [], []
        for place, word in enumerate(words):
            if not (expression := self.text_expression(read_query(f'"{word}"'))):
                continue
            counts = []
            for kind, only in kinds.items():
                sql, values = self.having(expression, Part(kind, Tier.TEXT, most, only))
                counts.append(f"(SELECT count(*) FROM (SELECT 1 FROM {sql} LIMIT {most:d}) AS few)")
                params += values
            selects.append(f"SELECT {place:d} AS place, {' + '.join(counts)} AS number")
        rows = self.execute(" UNION ALL ".join(selects), params) if selects else []
        return dict.fromkeys(words, 0) | {words[place]: number for place, number in rows}

    def having(self, expression: str, part: Part) -> tuple[str, list]:
        """SQL from the table on: the records that an expression matches, of those the part lets through."""
        raise NotImplementedError

    def find(self, query: Query, plan: list[Part]) -> list[Hit]:
        """All hits of all parts of a plan, in one question to the database."""
        selects, params = [], []
        for part in plan:
            for sql, values in self.selects(query, part):
                selects.append(f"SELECT * FROM ({sql}) AS hits")
                params += values
        return self.execute(" UNION ALL ".join(selects), params) if selects else []

    def selects(self, query: Query, part: Part) -> Iterator[tuple[str, list]]:
        """SQL of one part with its columns kind, object_id, tier, score; more than one, or none, as the query is."""
        if part.tier in (Tier.WORDS, Tier.NAME, Tier.TEXT):
            if expression := self.expression(query, part.tier):
                yield self.match(query, expression, part)
        else:
            for articles_left_out, name in enumerate(query.names):
                if between := _keys(query, name, part.tier):
                    yield self.by_key(part, between, part.tier + articles_left_out)

    def expression(self, query: Query, tier: Tier) -> str:
        """What a tier matches, in the database's own search; empty if that is nothing or in another tier already."""
        match tier:
            case Tier.WORDS:
                return self.names_expression(query.whole_terms)
            case Tier.NAME:
                return self.names_expression(query.terms) if query.is_unfinished else ""
            case _:
                return self.text_expression(query)

    def by_key(self, part: Part, between: tuple[str, str], tier: int) -> tuple[str, list]:
        """As one of selects(): names with a key between two, the shorter the better."""
        only, values = part.visible("search_name.object_id")
        return (
            f"SELECT {part.kind:d} AS kind, object_id, {tier:d} AS tier, 0.0 + length(key) AS score FROM search_name "
            f"WHERE kind = {part.kind:d} AND key BETWEEN %s AND %s{only} ORDER BY key LIMIT {part.limit:d}"
        ), [*between, *values]

    def match(self, query: Query, expression: str, part: Part) -> tuple[str, list]:
        """As one of selects(), of an expression; the score is that of relevance()."""
        raise NotImplementedError

    def names_expression(self, terms: Iterable[Term]) -> str:
        """Matches documents with every term in their names."""
        raise NotImplementedError

    def text_expression(self, query: Query) -> str:
        """Matches documents with every term anywhere, but for the commonest words."""
        raise NotImplementedError


def _keys(query: Query, name: list[str], tier: Tier) -> tuple[str, str] | None:
    """Between which keys those of a tier lie; no sign but the space sorts before "!" in them."""
    begun = key_of(name)
    match tier:
        case Tier.WHOLE:
            return (key := query.whole_key(name)), key
        case Tier.FIRST if begun:
            return f"{begun} ", f"{begun}!"
        case Tier.BEGINNING if begun and not query.is_closed:
            return f"{begun}!", f"{begun}\U0010ffff"
    return None
