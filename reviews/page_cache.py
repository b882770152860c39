"""Whole public pages, kept for as long as nothing that readers can see has changed."""

import hashlib
from functools import cache as once
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.utils.cache import get_conditional_response

from reviews.changes import state_of_content

KEPT_SECONDS = 24 * 60 * 60
PARAMETERS = {"page"}  # of the query string; a page asked for with others is made each time
PRIVATE = ("/admin/", "/health/", "/media/", "/static/")


class PageCacheMiddleware:
    """Answers with the page as it was made before, if the content is still in the state it was made for.

    A page that is the same bytes for every reader needs to be made once. Nothing has to be cleared: a change of
    content changes the state, and pages of an old state are never asked for again. The state is read before the
    page is made; a change in between is kept under the old state, which is harmless."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        key = self.key(request)
        if key is None:
            return self.get_response(request)
        kept = cache.get(key)
        if kept is not None:
            body, headers = kept
            response = HttpResponse(body, headers=headers)
            return get_conditional_response(request, etag=response.headers.get("ETag"), response=response)
        response = self.get_response(request)
        if may_be_kept(response):
            cache.set(key, (response.content, dict(response.headers)), KEPT_SECONDS)
        return response

    def key(self, request) -> str | None:
        """Where the page is kept, or None if it is not of that kind."""
        if request.method not in ("GET", "HEAD") or request.path_info.startswith(PRIVATE):
            return None
        if not PARAMETERS.issuperset(request.GET) or len(request.get_full_path()) > 200:
            return None
        state = state_of_content()
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        return f"page:{build()}:{state}:{packed:d}:{request.get_full_path()}" if state else None


@once
def build() -> str:
    """A word for this version of the program: pages that another one made and left in a shared cache are not ours."""
    rooms = ("config", "people", "films", "reviews", "subscriptions", "templates")
    files = [file for room in rooms for file in (settings.BASE_DIR / room).glob("**/*.[ph][yt]*")]
    files += [Path(settings.STATIC_ROOT) / "staticfiles.json"]
    times = sorted((str(file), file.stat().st_mtime_ns) for file in files if file.is_file())
    return hashlib.sha256(repr((times, settings.SITE_URL, settings.DEBUG)).encode()).hexdigest()[:12]


def may_be_kept(response) -> bool:
    """A page that says of itself that it is public, whole and for everybody."""
    return (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        and "public" in response.headers.get("Cache-Control", "")
    )
