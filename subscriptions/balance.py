"""The balance sheet of a mailing, kept by the database itself.

Once a mailing is prepared it has as many deliveries as its total says, and it stays so: none is added or taken away
and the total does not change, unless the whole mailing goes. It is not done while one of them is still to be sent. So
the counts of their states add up, whoever writes to the tables.

None of this is asked when a delivery changes its state, some thousand times a second."""

from django.db import connections
from django.db.transaction import atomic

from subscriptions.models import Delivery, Mailing

MAILING, DELIVERY = Mailing._meta.db_table, Delivery._meta.db_table
_ROWS = f"SELECT count(*) FROM {DELIVERY} WHERE mailing_id = NEW.id"
_TO_COME = f"SELECT 1 FROM {DELIVERY} WHERE mailing_id = NEW.id AND state IN ('queued', 'claimed', 'sending')"
RULES = {
    "done": f"NEW.state = 'done' AND OLD.state <> 'done' AND (EXISTS ({_TO_COME}) OR NEW.total <> ({_ROWS}))",
    "total": f"""(OLD.prepared_at IS NOT NULL AND (NEW.prepared_at IS NULL OR NEW.total <> OLD.total))
        OR (OLD.prepared_at IS NULL AND NEW.prepared_at IS NOT NULL AND NEW.total <> ({_ROWS}))""",
}
"""What a mailing may not become, by the word for it."""
COLUMNS = "state, total, prepared_at"
GAP = "subscriptions_gap"
"""SQLite only. A row here breaks a foreign key, which is asked for at the end of a transaction alone: so the deliveries
of a mailing may go before it, as Django has them, and not without it."""


def watch(using: str, **kwargs) -> None:
    """Install the triggers, after migrating. Safe to run again."""
    connection = connections[using]
    if not {MAILING, DELIVERY} <= set(connection.introspection.table_names()):
        return
    with atomic(using=using), connection.cursor() as cursor:
        for statement in TRIGGERS[connection.vendor]():
            cursor.execute(statement)


def let_go(using: str, **kwargs) -> None:
    """Remove them before migrating: SQLite cannot rebuild a table that a trigger of another one looks into."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in (*RULES, "added", "taken_away", "gone"):
                cursor.execute(f"DROP TRIGGER IF EXISTS subscriptions_balance_{name}")


def _prepared(row: str) -> str:
    return f"EXISTS (SELECT 1 FROM {MAILING} WHERE id = {row}.mailing_id AND prepared_at IS NOT NULL)"


def _sqlite():
    start = "CREATE TRIGGER IF NOT EXISTS subscriptions_balance_"
    refuse = "SELECT RAISE(ABORT, 'The balance of a mailing: {}')"
    yield (
        f"CREATE TABLE IF NOT EXISTS {GAP} (id INTEGER PRIMARY KEY, mailing_id INTEGER NOT NULL,"
        f" missing INTEGER NOT NULL REFERENCES {GAP} (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    for name, rule in RULES.items():
        yield f"{start}{name} BEFORE UPDATE OF {COLUMNS} ON {MAILING} WHEN {rule} BEGIN {refuse.format(name)}; END"
    yield f"{start}added BEFORE INSERT ON {DELIVERY} WHEN {_prepared('NEW')} BEGIN {refuse.format('added')}; END"
    yield (
        f"{start}taken_away AFTER DELETE ON {DELIVERY} WHEN {_prepared('OLD')}"
        f" BEGIN INSERT INTO {GAP} (mailing_id, missing) VALUES (OLD.mailing_id, -1); END"
    )
    yield f"{start}gone AFTER DELETE ON {MAILING} BEGIN DELETE FROM {GAP} WHERE mailing_id = OLD.id; END"


def _postgresql():
    rules = " ".join(f"IF {rule} THEN {_refuse(name)} END IF;" for name, rule in RULES.items())
    yield _function("mailing", f"{rules} RETURN NEW;")
    yield (
        f"CREATE OR REPLACE TRIGGER subscriptions_balance BEFORE UPDATE OF {COLUMNS} ON {MAILING}"
        " FOR EACH ROW EXECUTE FUNCTION subscriptions_balance_mailing()"
    )
    into_prepared = f"SELECT 1 FROM added WHERE {_prepared('added')}"
    yield _function("added", f"IF EXISTS ({into_prepared}) THEN {_refuse('added')} END IF; RETURN NULL;")
    yield (
        f"CREATE OR REPLACE TRIGGER subscriptions_balance_added AFTER INSERT ON {DELIVERY}"
        " REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION subscriptions_balance_added()"
    )
    yield _function("taken_away", f"IF {_prepared('OLD')} THEN {_refuse('taken away')} END IF; RETURN NULL;")
    yield f"DROP TRIGGER IF EXISTS subscriptions_balance_taken_away ON {DELIVERY}"
    yield (
        f"CREATE CONSTRAINT TRIGGER subscriptions_balance_taken_away AFTER DELETE ON {DELIVERY} DEFERRABLE"
        " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION subscriptions_balance_taken_away()"
    )


def _function(name: str, body: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION subscriptions_balance_{name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$BEGIN {body} END$$"
    )


def _refuse(what: str) -> str:
    return f"RAISE EXCEPTION 'The balance of a mailing: {what}' USING ERRCODE = 'integrity_constraint_violation';"


TRIGGERS = {"sqlite": _sqlite, "postgresql": _postgresql}
