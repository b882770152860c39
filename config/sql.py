"""Several small child tables in the query of their parent.

A film page needs countries, languages, genres, certificates and links: five prefetches, five queries.
`rows()` brings each as one JSON column of the parent's own query instead, on both databases.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache as once

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import F, Func, IntegerField, JSONField, Model, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject

STAND_IN = datetime(1888, 10, 14, tzinfo=UTC)
"""The moment that SQL is written out for, before it is put in the place of the true one."""


class _Group(Func):
    """All rows of a one-column subquery in one JSON list."""

    output_field = JSONField()
    arity = 1

    def as_sqlite(self, compiler, connection, **extra):
        return super().as_sql(
            compiler,
            connection,
            template="(SELECT JSON_GROUP_ARRAY(JSON(item)) FROM (%(expressions)s))",
            **extra,
        )

    def as_postgresql(self, compiler, connection, **extra):
        return super().as_sql(
            compiler,
            connection,
            template="(SELECT COALESCE(JSONB_AGG(item), '[]') FROM (%(expressions)s) AS listed)",
            **extra,
        )


class _Column(Func):
    """A column as an item of JSON. SQLite would take a JSON column for text and quote it."""

    arity = 1
    template = "%(expressions)s"

    def as_sqlite(self, compiler, connection, **extra):
        if isinstance(self.output_field, JSONField):
            extra["template"] = "JSON(%(expressions)s)"
        return super().as_sql(compiler, connection, **extra)


class _Bare(Subquery):
    template = "%(subquery)s"


def rows(queryset: QuerySet, **columns) -> _Group:
    """An expression for annotate(): the rows of `queryset` (ordered, filtered by OuterRef) as a list of
    dicts with the columns named (each a field path or an expression)."""
    return _Group(
        _Bare(queryset.values(item=JSONObject(**{name: _Column(column) for name, column in columns.items()})))
    )


def how_many(queryset: QuerySet) -> Subquery:
    """An expression: the number of rows of a queryset filtered by OuterRef. Unlike Count over a join it stays
    right whatever else the outer query joins."""
    counted = queryset.order_by().annotate(counted=Func(F("pk"), function="COUNT"))
    return Subquery(counted.values("counted"), output_field=IntegerField())


def ready_made(model: type[Model], columns: Callable[..., dict], *, at: datetime | None = None) -> dict[str, RawSQL]:
    """The expressions that `columns()` names, as SQL that was written out once; or `columns(at)`, if they depend on
    a moment.

    Django builds and compiles a nested expression anew for every query, which costs more time than the
    database needs to answer. For annotations of the outer query's own table only: the SQL names that table."""
    if at is None:
        return _written_out(model, columns, (), connection.vendor)
    written = _written_out(model, columns, (STAND_IN,), connection.vendor)
    stand_in, moment = map(connection.ops.adapt_datetimefield_value, (STAND_IN, at))
    return {
        name: RawSQL(column.sql, [moment if param == stand_in else param for param in column.params], JSONField())
        for name, column in written.items()
    }


@once
def _written_out(model, columns, arguments, vendor) -> dict[str, RawSQL]:
    query = model._base_manager.annotate(**columns(*arguments)).order_by().query
    compiler = query.get_compiler(DEFAULT_DB_ALIAS)
    compiler.setup_query()
    return {
        name: RawSQL(*compiler.compile(expression), output_field=JSONField())
        for name, expression in query.annotations.items()
    }


def children(model: type[Model], relation: str) -> QuerySet:
    """The rows on the other side of a relation of the outer query's model, to be refined and given to rows().

    Naming the relation instead of importing the other model keeps modules free of import cycles."""
    field = model._meta.get_field(relation)
    return field.related_model._default_manager.filter(**{field.remote_field.name: OuterRef("pk")})
