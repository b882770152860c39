"""The tables of the search index (reviews/search/), which have no models: each database has its own kind."""

from django.db import migrations

KINDS = ("review", "author", "tag", "person", "film")
SQLITE = [
    "CREATE TABLE search_change (kind integer NOT NULL, object_id integer NOT NULL, PRIMARY KEY (kind, object_id)) WITHOUT ROWID",
    "CREATE TABLE search_name (kind integer NOT NULL, key text NOT NULL, object_id integer NOT NULL, PRIMARY KEY (kind, key, object_id)) WITHOUT ROWID",
    "CREATE INDEX search_name_of ON search_name (kind, object_id)",
    "CREATE TABLE search_word (slip text NOT NULL, word text NOT NULL, PRIMARY KEY (slip, word)) WITHOUT ROWID",
    *(
        f"CREATE VIRTUAL TABLE search_{kind} USING fts5(name, people, text, tokenize='ascii', prefix='2 3')"
        for kind in KINDS
    ),
]
POSTGRESQL = [
    "CREATE TABLE search_change (id bigserial NOT NULL, kind smallint NOT NULL, object_id bigint NOT NULL, PRIMARY KEY (kind, id))",
    "CREATE INDEX search_change_of ON search_change (kind, object_id)",
    'CREATE TABLE search_name (kind smallint NOT NULL, key text COLLATE "C" NOT NULL, object_id bigint NOT NULL, PRIMARY KEY (kind, key, object_id))',
    "CREATE INDEX search_name_of ON search_name (kind, object_id)",
    'CREATE TABLE search_word (slip text COLLATE "C" NOT NULL, word text COLLATE "C" NOT NULL, PRIMARY KEY (slip, word))',
    *(f"CREATE TABLE search_{kind} (object_id bigint PRIMARY KEY, vector tsvector NOT NULL)" for kind in KINDS),
    *(f"CREATE INDEX search_{kind}_vector ON search_{kind} USING gin (vector)" for kind in KINDS),
]
STATEMENTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
TABLES = ["search_change", "search_name", "search_word", *(f"search_{kind}" for kind in KINDS)]


def create(apps, schema_editor):
    for statement in STATEMENTS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


TRIGGERS = {
    "sqlite": "SELECT 'DROP TRIGGER \"' || name || '\"' FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%\\_search' ESCAPE '\\'",
    "postgresql": "SELECT 'DROP FUNCTION ' || oid::regproc || '() CASCADE' FROM pg_proc WHERE proname LIKE 'rushes\\_note\\_%'",
}


def drop(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:  # the triggers first: they write into these tables
        cursor.execute(TRIGGERS[schema_editor.connection.vendor])
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
    for table in TABLES:
        schema_editor.execute(f"DROP TABLE {table}")


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_content_version")]
    operations = [migrations.RunPython(create, drop, elidable=False)]
