"""The index in PostgreSQL: one tsvector a record, made of the tokens of analysis.py, in a table for each kind.

The vectors are written out and not made by to_tsvector(), and the queries likewise, so no text search configuration
and no extension of the server has a say in what is found."""

from contextlib import contextmanager

from django.db import transaction

from reviews.search.analysis import MOST_TIMES, Query, Term
from reviews.search.documents import Document, Kind
from reviews.search.engine import Engine, Part, Tier

LOCK = 7_362_061  # any number that nobody else uses for an advisory lock in this database


class PostgreSQLEngine(Engine):
    vendor = "postgresql"

    def triggers(self, table, kind, column):
        name = f"rushes_note_{table}"
        noting = f"INSERT INTO search_change (kind, object_id) SELECT DISTINCT {kind:d}, {column} FROM {{}};"
        truncated = f"INSERT INTO search_change (kind, object_id) SELECT DISTINCT {kind:d}, object_id FROM search_name WHERE kind = {kind:d};"
        yield (
            f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN '
            f"IF TG_OP <> 'TRUNCATE' AND TG_OP <> 'DELETE' THEN {noting.format('new_rows')} END IF; "
            f"IF TG_OP <> 'TRUNCATE' AND TG_OP <> 'INSERT' THEN {noting.format('old_rows')} END IF; "
            f"IF TG_OP = 'TRUNCATE' THEN {truncated} END IF; RETURN NULL; END $$"
        )
        for event, rows in (
            ("INSERT", "REFERENCING NEW TABLE AS new_rows"),
            ("UPDATE", "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"),
            ("DELETE", "REFERENCING OLD TABLE AS old_rows"),
            ("TRUNCATE", ""),
        ):
            yield (
                f'CREATE OR REPLACE TRIGGER "{table}_{event.lower()}_search" AFTER {event} ON "{table}" {rows} '
                f'FOR EACH STATEMENT EXECUTE FUNCTION "{name}"()'
            )

    @contextmanager
    def only_one(self, wait):
        with transaction.atomic(using=self.using):
            if wait:
                self.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
                yield True
            else:
                yield self.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])[0][0]

    def take_above(self, kind, limit):
        """The notes go before the records are read: a change that is committed in between leaves a note of its own."""
        return self.execute(
            "DELETE FROM search_change WHERE (kind, id) IN "
            "(SELECT kind, id FROM search_change WHERE kind > %s ORDER BY kind, id LIMIT %s) RETURNING kind, object_id",
            [kind, limit],
        )

    def note(self, kind, ids):
        """Notes are only removed by who holds the lock, as we do, so one that is there already will do."""
        self.execute(
            "INSERT INTO search_change (kind, object_id) SELECT %s, pk FROM unnest(%s::bigint[]) AS pk WHERE NOT EXISTS "
            "(SELECT 1 FROM search_change WHERE kind = %s AND object_id = pk)",
            [kind.value, list(ids), kind.value],
        )

    def note_from(self, kind, select):
        self.execute(
            f"INSERT INTO search_change (kind, object_id) SELECT DISTINCT {kind:d}, found.* FROM ({select}) AS found"
        )

    def remove_names(self, kind, ids):
        self.execute("DELETE FROM search_name WHERE kind = %s AND object_id = ANY(%s)", [kind.value, list(ids)])

    def write_names(self, rows):
        self._insert("search_name (kind, key, object_id)", ("smallint", "text", "bigint"), rows)

    def write_words(self, rows):
        self._insert("search_word (slip, word)", ("text", "text"), rows)

    def replace_texts(self, kind, ids, documents):
        self.execute(f"DELETE FROM {_table(kind)} WHERE object_id = ANY(%s)", [list(ids)])
        rows = [(document.pk, _vector(document)) for document in documents]
        self._insert(f"{_table(kind)} (object_id, vector)", ("bigint", "tsvector"), rows)

    def optimise(self):
        for table in ("search_name", "search_word", *map(_table, Kind)):
            self.execute(f"ANALYZE {table}")

    def match(self, query, expression, part: Part):
        found, values = self.having(expression, part)
        weighed = "vector" if part.tier is Tier.TEXT else "ts_filter(vector, '{a}')"
        words = " | ".join(f"'{word}'" for word in query.words)
        return (
            f"SELECT {part.kind:d} AS kind, object_id, {part.tier:d} AS tier, "
            f"-ts_rank('{{0.1, 0.1, 0.3, 1.0}}', {weighed}, %s::tsquery)::float8 AS score FROM ("
            f"SELECT object_id, vector FROM {found} ORDER BY object_id DESC LIMIT {part.limit:d}) AS newest"
        ), [words, *values]

    def having(self, expression, part: Part):
        table = _table(part.kind)
        only, values = part.visible(f"{table}.object_id")
        return f"{table} WHERE vector @@ %s::tsquery{only}", [expression, *values]

    def names_expression(self, terms):
        return " & ".join(_phrase(term.tokens, _mark(term.is_prefix), "A") for term in terms)

    def text_expression(self, query: Query) -> str:
        return " & ".join(map(_anywhere, query.text_terms))

    def _insert(self, into: str, types: tuple[str, ...], rows: list[tuple]) -> None:
        if rows:
            columns = ", ".join(f"%s::text[]::{kind}[]" for kind in types)
            values = [[str(value) for value in column] for column in zip(*rows, strict=True)]
            self.execute(f"INSERT INTO {into} SELECT * FROM unnest({columns}) ON CONFLICT DO NOTHING", values)


def _table(kind: Kind) -> str:
    return f"search_{kind.name.lower()}"


def _vector(document: Document) -> str:
    """The document as PostgreSQL writes a tsvector. Tokens are letters, digits and marks, so nothing needs escaping."""
    places: dict[str, list[str]] = {}
    place = 0
    for weight, tokens in zip("ABD", document.columns, strict=True):
        for token in tokens:
            place += 1
            places.setdefault(token, []).append(f"{place}{weight}")
        place += 1  # no phrase reaches from one to the next
    return " ".join(f"'{token}':{','.join(found[:MOST_TIMES])}" for token, found in places.items())


def _mark(is_prefix: bool) -> str:
    return ":*" if is_prefix else ":"


def _phrase(tokens: tuple[str, ...], mark: str, weights: str) -> str:
    return "(" + " <-> ".join(f"'{token}'{mark}{weights}" for token in tokens) + ")"


def _anywhere(term: Term) -> str:
    mark = _mark(term.begins_words_of_text)
    ways = [_phrase(term.foreign, mark, "D")]
    if term.is_same_everywhere:
        ways.append(_phrase(term.tokens, mark, "ABD"))
    else:
        ways += [_phrase(term.tokens, _mark(term.is_prefix), "AB"), _phrase(term.stems, _mark(False), "D")]
        ways += [_phrase(term.tokens, mark, "D")] if term.begins_words_of_text else []
    return f"({' | '.join(ways)})"
