"""Several small child tables in the query of their parent.

A film page needs countries, languages, genres, certificates and links: five prefetches, five queries.
`rows()` brings each as one JSON column of the parent's own query instead, on both databases.
"""

from django.db.models import Func, JSONField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject


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


class AsJSON(Func):
    """A JSON column inside a JSON object: SQLite, which keeps JSON as text, has to be told."""

    output_field = JSONField()
    arity = 1

    def as_sqlite(self, compiler, connection, **extra):
        return super().as_sql(compiler, connection, template="JSON(%(expressions)s)", **extra)

    def as_postgresql(self, compiler, connection, **extra):
        return super().as_sql(compiler, connection, template="%(expressions)s", **extra)


def rows(queryset: QuerySet, **columns) -> _Group:
    """An expression for annotate(): the rows of `queryset` (ordered, filtered by OuterRef) as a list of
    dicts with the columns named (each a field path or an expression)."""
    return _Group(
        _Bare(queryset.values(item=JSONObject(**{name: _Column(column) for name, column in columns.items()})))
    )


def children(model: type[Model], relation: str) -> QuerySet:
    """The rows on the other side of a relation of the outer query's model, to be refined and given to rows().

    Naming the relation instead of importing the other model keeps modules free of import cycles."""
    field = model._meta.get_field(relation)
    return field.related_model._default_manager.filter(**{field.remote_field.name: OuterRef("pk")})
