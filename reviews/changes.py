"""Notices every change of content, in the database itself, and says which state of it readers see.

A page made for one state may be shown for as long as that state lasts and not a moment longer
(reviews/page_cache.py). The state has two parts: a number that triggers count up with every change, in the
transaction of the change; and the time of the newest review that is public, which moves by the clock alone
when a scheduled one appears. Archives in memory have a number of their own, which only the tables that they are
made from count up: a picture drawn for a review throws away the pages, not the archives.
"""

from datetime import UTC, datetime
from functools import cache as once
from typing import NamedTuple

from django.apps import apps
from django.db import connection, connections
from django.db.transaction import atomic
from django.utils import timezone

from reviews.models import ContentVersion, Review

STEP = 1_000_000
"""Counting goes up by a random step, so that a database restored from a backup never counts to a number that a
page made from its lost future was kept under."""
SOME_MOMENT = datetime(1888, 10, 14, tzinfo=UTC)
WATCHED_APPS = ("people", "films", "reviews", "taggit")
ARCHIVED = {  # what reviews/archive/contents.py and reviews/archive/people.py read
    *("people_person", "films_credit", "films_film", "films_genre", "films_film_genres", "films_filmcountry"),
    *("films_filmlanguage", "reviews_review", "reviews_reviewbyline", "reviews_author", "reviews_formerauthorslug"),
    *("reviews_capsule", "reviews_formertagslug", "taggit_tag", "taggit_taggeditem"),
}


class State(NamedTuple):
    """A state of content in two words: what pages and what archives in memory are kept under, "" if nothing may be."""

    pages: str
    archive: str


def watched_tables() -> list[str]:
    """The tables whose content readers can see, those between two models included."""
    models = [
        model for label in WATCHED_APPS for model in apps.get_app_config(label).get_models(include_auto_created=True)
    ]
    return sorted(model._meta.db_table for model in models if model is not ContentVersion)


def watch(using: str, **kwargs) -> None:
    """Install the triggers, after migrating. Safe to run again; SQLite drops a table's triggers whenever a
    migration rebuilds the table, and then this puts them back."""
    connection = connections[using]
    present = set(connection.introspection.table_names())
    counter = ContentVersion._meta.db_table
    if counter not in present:
        return
    with atomic(using=using), connection.cursor() as cursor:
        columns = {column.name for column in connection.introspection.get_table_description(cursor, counter)}
        if not columns >= {field.column for field in ContentVersion._meta.fields}:  # migrated to an older state only
            return
        ContentVersion.objects.using(using).get_or_create(pk=1)
        for statement in TRIGGERS[connection.vendor](
            counter, [table for table in watched_tables() if table in present]
        ):
            cursor.execute(statement)


def _sqlite(counter: str, tables: list[str]):
    for table in tables:
        for event in ("INSERT", "UPDATE", "DELETE"):
            trigger = f'"{table}_{event.lower()}_counts"'
            yield f"DROP TRIGGER IF EXISTS {trigger}"  # that of an older version counts other columns
            yield (
                f'CREATE TRIGGER {trigger} AFTER {event} ON "{table}" '
                f'BEGIN UPDATE "{counter}" SET {_counted(table, f"abs(random() % {STEP})")}; END'
            )


def _counted(table: str, step: str) -> str:
    """What the triggers of a table count up."""
    columns = ("number", "archive") if table in ARCHIVED else ("number",)
    return ", ".join(f"{column} = {column} + 1 + {step}" for column in columns)


def _postgresql(counter: str, tables: list[str]):
    # Before the statement: every writer then takes the counter first and its rows after. The other way round,
    # two writers can wait for each other. The price is that writers of content follow one another.
    for table in tables:
        function = "rushes_count_change_of_archive" if table in ARCHIVED else "rushes_count_change"
        yield (
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
            f"""'BEGIN UPDATE "{counter}" SET {_counted(table, f"floor(random() * {STEP})")}; RETURN NULL; END'"""
        )
        yield (
            f'CREATE OR REPLACE TRIGGER "{table}_counts" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{table}" '
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )


TRIGGERS = {"sqlite": _sqlite, "postgresql": _postgresql}


def state_of_content(now=None) -> State:
    """Words that stay the same for exactly as long as every public page, and every archive, does: one query."""
    sql, params = _state_query(connection.vendor)
    moment = connection.ops.adapt_datetimefield_value(now or timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(sql, [moment if param == _some_moment() else param for param in params])
        row = cursor.fetchone()
    if not row:
        return State("", "")
    number, archive, newest = row
    return State(*(f"{count}-{newest or 0}".replace(" ", "T") for count in (number, archive)))


@once
def _state_query(vendor: str) -> tuple[str, tuple]:
    """The query as SQL, written out once: it is asked for every page, and Django takes longer to write it than the
    database to answer. The moment it was written for is replaced by the present one."""
    newest = Review.objects.published(SOME_MOMENT).order_by("-published_at").values("published_at")[:1]
    versions = ContentVersion.objects.annotate(newest=newest).values_list("number", "archive", "newest")
    return versions.query.get_compiler(connection.alias).as_sql()


def _some_moment():
    return connection.ops.adapt_datetimefield_value(SOME_MOMENT)
