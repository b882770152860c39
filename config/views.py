"""Views that belong to no app: health checks, and the answer to a form that came too late."""

import logging
import os
import uuid
from collections.abc import Callable
from functools import cache as once
from pathlib import Path

from django.core.cache import cache
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """The process answers. Says nothing about what it depends on: restarting it would not cure those."""
    return JsonResponse({"live": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Whether requests should be sent here: 200 when every dependency works, else 503. Reasons go to the log."""
    states = {name: _state(name, check) for name, check in CHECKS.items()}
    return JsonResponse(states, status=200 if set(states.values()) == {"ok"} else 503)


def _state(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception:
        logger.exception("Health check of the %s failed", name)
        return "failed"
    return "ok"


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@once  # a process that has seen its schema complete need not look again; an exception is not remembered
def check_migrations() -> None:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise RuntimeError(f"{len(missing)} migrations are not applied, first {missing[0][0]}")


def check_cache() -> None:
    key, word = f"health:{uuid.uuid4().hex}", "round trip"
    cache.set(key, word, timeout=10)
    if cache.get(key) != word:
        raise RuntimeError("The cache lost a value just written")
    cache.delete(key)


def check_media() -> None:
    """A local folder can be written to; a bucket answers."""
    if not isinstance(storages["default"], FileSystemStorage):
        storages["default"].exists("health")
        return
    folder = Path(storages["default"].location)
    while not folder.exists():  # made by the first upload
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{folder} cannot be written to")


CHECKS = {"database": check_database, "migrations": check_migrations, "cache": check_cache, "media": check_media}


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form sent without a valid token, most often from a page left open past the end of a session."""
    try:
        return HttpResponseForbidden(render_to_string("403_csrf.html", request=request))
    except TemplateDoesNotExist:
        text = "This form was open for too long, or cookies are blocked. Go back, reload the page and send it again."
        return HttpResponseForbidden(text, content_type="text/plain; charset=utf-8")
