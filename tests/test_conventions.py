"""Rules of the house that a reader of one file cannot check."""

import re
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).parent.parent
MAIL = (
    ROOT / "templates" / "subscriptions" / "email"
)  # a style sheet there is written into attributes before it is sent
TEMPLATES = [
    pytest.param(file, id=str(file.relative_to(ROOT)))
    for file in sorted(ROOT.glob("templates/**/*.html"))
    if not file.is_relative_to(MAIL)
]
CODE = [
    file
    for folder in ("config", "people", "films", "reviews", "subscriptions")
    for file in sorted((ROOT / folder).rglob("*.py"))
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_template_has_no_inline_script_or_style_and_trusts_nobody(template):
    text = template.read_text("utf-8")

    assert re.findall(r"\sstyle=|\son[a-z]+=\"|<style(?![^>]*csp_nonce)|\|safe\b|autoescape off", text) == []
    for attributes in re.findall(r"<script([^>]*)>", text):
        assert "src=" in attributes or "application/ld+json" in attributes


def test_what_is_public_is_decided_in_one_place():
    deciding = [
        str(file.relative_to(ROOT))
        for file in CODE
        if "migrations" not in file.parts and re.search(r"published_at__(lte|lt|gt|gte)", file.read_text("utf-8"))
    ]

    assert deciding == ["reviews/models/publishing.py"]


def test_environment_is_read_in_one_place():
    reading = {
        str(file.relative_to(ROOT)) for file in CODE if re.search(r"os\.environ|getenv", file.read_text("utf-8"))
    }

    # The supervisor and the demo hand an environment on to their children, a mail server tells the reader of its pipe
    # whom a report came to; the rest asks config/settings.py.
    pipe = "subscriptions/management/commands/receive_bounces.py"
    wiring = {"config/demo.py", "config/serve.py", "config/web.py", "config/wsgi.py", "config/celery.py"}
    assert reading <= wiring | {pipe}


@pytest.mark.django_db
def test_postgresql_is_spoken_to_by_psycopg2():
    if connection.vendor == "postgresql":
        assert connection.Database.__name__ == "psycopg2"
    else:
        assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.django_db
def test_sqlite_is_set_up_for_serving():
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        values = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }

    assert values == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 20000}


def test_no_lock_names_a_registry():
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        assert re.findall(r"https?://|index-url", lock.read_text("utf-8")) == [], lock.name
