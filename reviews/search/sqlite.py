"""The index in SQLite: one FTS5 table a kind, tokens made by analysis.py and joined by spaces."""

from contextlib import ExitStack, contextmanager
from itertools import accumulate

from django.db import OperationalError, transaction

from reviews.search.analysis import FOREIGN, JOINER, MOST_TIMES, Query, Term
from reviews.search.documents import Kind
from reviews.search.engine import Engine, Part, Tier

BRIEFLY = 50  # milliseconds that a search waits for the write lock before it goes without


class SQLiteEngine(Engine):
    vendor = "sqlite"

    def triggers(self, table, kind, column):
        noting = "INSERT INTO search_change (kind, object_id) VALUES ({:d}, {}.{}) ON CONFLICT DO NOTHING; "
        for event, rows in (("INSERT", ["NEW"]), ("UPDATE", ["OLD", "NEW"]), ("DELETE", ["OLD"])):
            notes = "".join(noting.format(kind, row, column) for row in rows)
            yield (
                f'CREATE TRIGGER IF NOT EXISTS "{table}_{event.lower()}_search" AFTER {event} ON "{table}" BEGIN {notes}END'
            )

    @contextmanager
    def only_one(self, wait):
        """SQLite has one writer at a time anyway; the question is only how long to wait to be that one."""
        patience = self.execute("PRAGMA busy_timeout")[0][0]
        with ExitStack() as stack:
            self.execute(f"PRAGMA busy_timeout = {patience if wait else BRIEFLY:d}")
            try:
                stack.enter_context(transaction.atomic(using=self.using))
                is_ours = True
            except OperationalError:
                if wait:
                    raise
                is_ours = False
            finally:
                self.execute(f"PRAGMA busy_timeout = {patience:d}")
            yield is_ours

    def take_above(self, kind, limit):
        rows = self.execute(
            "SELECT kind, object_id FROM search_change WHERE kind > %s ORDER BY kind, object_id LIMIT %s", [kind, limit]
        )
        self._many("DELETE FROM search_change WHERE kind = %s AND object_id = %s", rows)
        return rows

    def note(self, kind, ids):
        self._many(
            "INSERT INTO search_change (kind, object_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [(kind.value, pk) for pk in ids],
        )

    def note_from(self, kind, select):
        self.execute(
            f"INSERT INTO search_change (kind, object_id) SELECT {kind:d}, found.* FROM ({select}) AS found WHERE true "
            "ON CONFLICT DO NOTHING"
        )

    def remove_names(self, kind, ids):
        self._many("DELETE FROM search_name WHERE kind = %s AND object_id = %s", [(kind.value, pk) for pk in ids])

    def write_names(self, rows):
        self._many("INSERT INTO search_name (kind, key, object_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", rows)

    def write_words(self, rows):
        self._many("INSERT INTO search_word (slip, word) VALUES (%s, %s) ON CONFLICT DO NOTHING", rows)

    def replace_texts(self, kind, ids, documents):
        table = _table(kind)
        self._many(f"DELETE FROM {table} WHERE rowid = %s", [(pk,) for pk in ids])
        self._many(
            f"INSERT INTO {table} (rowid, name, people, text) VALUES (%s, %s, %s, %s)",
            [(document.pk, *map(" ".join, document.columns)) for document in documents],
        )

    def optimise(self):
        for kind in Kind:
            self.execute(f"INSERT INTO {_table(kind)} ({_table(kind)}) VALUES ('optimize')")

    def find(self, query, plan):
        self.connection.ensure_connection()
        self.connection.connection.create_function("search_relevance", 4, relevance, deterministic=True)
        return super().find(query, plan)

    def match(self, query, expression, part: Part):
        found, values = self.having(expression, part)
        columns = ["name", "people", "text"] if part.tier is Tier.TEXT else ["name", "''", "''"]
        weighed = ", ".join(f"CAST({column} AS blob)" for column in columns)
        return (
            f"SELECT {part.kind:d} AS kind, rowid AS object_id, {part.tier:d} AS tier, "
            f"-search_relevance({weighed}, %s) AS score FROM {found} ORDER BY rowid DESC LIMIT {part.limit:d}"
        ), [" ".join(query.words).encode(), *values]

    def having(self, expression, part: Part):
        table = _table(part.kind)
        only, values = part.visible(f"{table}.rowid")
        return f"{table} WHERE {table} MATCH %s{only}", [expression, *values]

    def names_expression(self, terms):
        return " AND ".join(f"{{name}} : {_phrase(term.tokens, term.is_prefix)}" for term in terms)

    def text_expression(self, query: Query) -> str:
        return " AND ".join(map(_anywhere, query.text_terms))

    def _many(self, sql: str, rows: list) -> None:
        if rows:
            with self.connection.cursor() as cursor:
                cursor.executemany(sql, rows)


_SUMS = [0.0, *accumulate(1 / n**2 for n in range(1, MOST_TIMES + 1))]
_WEIGHTS = (1.0, 0.3, 0.1)  # of a word in names, people and text
_FOREIGN, _JOINER = FOREIGN.encode(), JOINER.encode()


def relevance(name: bytes, people: bytes, text: bytes, words: bytes) -> float:
    """How often words stand in a document, the first time counting most: what PostgreSQL's ts_rank() gives, but for a
    factor. FTS5's own bm25() would first count all documents with the words, which takes longer than finding some, and
    reading the tokens as text would take longer than counting."""
    columns = [b" %b " % tokens for tokens in (name, people, text)]
    asked, total = words.split(), 0.0
    if _FOREIGN not in text:
        asked = [word for word in asked if not word.startswith(_JOINER)]
    for word in asked:
        count = 0
        for tokens, weight in zip(columns, _WEIGHTS, strict=True):
            if found := _times(b" %b " % word, tokens):
                before, count = count, count + found
                total += weight * (_SUMS[count] - _SUMS[before])
    return total


def _times(word: bytes, tokens: bytes) -> int:
    """How many of the tokens are the word. Where it follows itself, the two share a space."""
    found = tokens.count(word)
    return tokens.split().count(word.strip()) if found and word + word[1:] in tokens else found


def _table(kind: Kind) -> str:
    return f"search_{kind.name.lower()}"


def _phrase(tokens: tuple[str, ...], is_prefix: bool = False) -> str:
    """Tokens are letters, digits and marks alone, so the quotation marks cannot be broken out of."""
    return f'"{" ".join(tokens)}"' + (" *" if is_prefix else "")


def _anywhere(term: Term) -> str:
    begins = term.begins_words_of_text
    ways = [f"{{text}} : {_phrase(term.foreign, begins)}"]
    if term.is_same_everywhere:
        ways.append(_phrase(term.tokens, begins))
    else:
        ways += [f"{{name people}} : {_phrase(term.tokens, term.is_prefix)}", f"{{text}} : {_phrase(term.stems)}"]
        ways += [f"{{text}} : {_phrase(term.tokens, begins)}"] if begins else []
    return f"({' OR '.join(ways)})"
