import json
import os

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory

from config import views


@pytest.fixture(autouse=True)
def _forget_migrations():
    views.check_migrations.cache_clear()


def test_live_depends_on_nothing(client):
    response = client.get("/health/live")

    assert (response.status_code, response.json()) == (200, {"live": "ok"})
    assert "no-store" in response["Cache-Control"]


def test_ready_names_each_dependency(client, db):
    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {"database": "ok", "migrations": "ok", "cache": "ok", "media": "ok"}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("broken", ["database", "migrations", "cache", "media"])
def test_ready_is_503_when_one_dependency_fails_and_keeps_the_reason_to_itself(rf, monkeypatch, broken, caplog):
    def fail():
        raise RuntimeError("a secret reason")

    monkeypatch.setattr(views, "CHECKS", dict.fromkeys(views.CHECKS, lambda: None) | {broken: fail})

    response = views.ready(rf.get("/health/ready"))

    assert response.status_code == 503
    assert [name for name, state in json.loads(response.content).items() if state == "failed"] == [broken]
    assert b"secret" not in response.content
    assert "a secret reason" in caplog.text


def test_missing_migration_is_noticed_and_completeness_is_remembered(db, django_assert_num_queries):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'reviews'")
    with pytest.raises(RuntimeError, match="not applied"):
        views.check_migrations()


def test_complete_schema_is_looked_at_once(db, django_assert_num_queries):
    views.check_migrations()

    with django_assert_num_queries(0):
        views.check_migrations()


def test_cache_that_forgets_is_noticed(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    with pytest.raises(RuntimeError, match="lost"):
        views.check_cache()


def test_cache_check_leaves_nothing_behind(monkeypatch):
    monkeypatch.setattr(views.uuid, "uuid4", lambda: type("Fixed", (), {"hex": "fixed"}))

    views.check_cache()

    assert cache.get("health:fixed") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_media_folder_that_cannot_be_written_to_is_noticed(settings, tmp_path):
    tmp_path.chmod(0o500)
    settings.MEDIA_ROOT = tmp_path / "media"

    with pytest.raises(PermissionError):
        views.check_media()


def test_health_is_only_read(client):
    assert client.post("/health/live").status_code == 405


def test_late_form_is_answered_in_words(db):
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x", "password": "y"})

    assert response.status_code == 403
    assert "send it again" in response.content.decode()


def test_late_form_is_answered_even_without_templates(settings):
    settings.TEMPLATES = []

    response = views.csrf_failure(RequestFactory().post("/"), reason="CSRF cookie not set.")

    assert response.status_code == 403
    assert response["Content-Type"] == "text/plain; charset=utf-8"
