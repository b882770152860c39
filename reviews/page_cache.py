"""Whole public pages, kept for as long as nothing that readers can see has changed."""

import hashlib
import re
from functools import cache as once
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.middleware.gzip import re_accepts_gzip
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import parse_http_date_safe

from reviews.changes import state_of_content

KEPT_SECONDS = 24 * 60 * 60
PAGE_NUMBER = re.compile(r"page=[1-9]\d{0,8}")  # the one query a kept page can have; others are made each time
SETTINGS_PRINTED = ("SITE_URL", "DEBUG", "TIME_ZONE", "LANGUAGE_CODE", "MEDIA_URL", "S3_PUBLIC_URL", "SECURE_CSP")
PRIVATE = ("/admin/", "/health/", "/media/", "/static/", "/letters/", "/subscribe/confirm/")


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
            return get_conditional_response(
                request,
                etag=response.headers.get("ETag"),
                last_modified=parse_http_date_safe(response.headers.get("Last-Modified", "")),
                response=response,
            )
        response = self.get_response(request)
        if may_be_kept(response):
            cache.set(key, (response.content, dict(response.headers)), KEPT_SECONDS)
        return response

    def key(self, request) -> str | None:
        """Where the page is kept, or None if it is not of that kind.

        Every page has one key for each way of packing it: whoever adds words to an address fills no cache."""
        if request.method not in ("GET", "HEAD") or request.path_info.startswith(PRIVATE):
            return None
        query = request.META.get("QUERY_STRING", "")
        if len(request.path) > 200 or (query and not PAGE_NUMBER.fullmatch(query)):
            return None
        request.get_host()  # a host that is not ours is refused, whether the page is kept or not
        request.state_of_content = state_of_content()  # for the view too
        state = request.state_of_content.pages
        today = timezone.localdate()  # some pages say what goes on today
        packed = bool(re_accepts_gzip.search(request.headers.get("Accept-Encoding", "")))
        return f"page:{build()}:{state}:{today}:{packed:d}:{quote(request.path)}?{query}" if state else None


@once
def build() -> str:
    """A word for this version of the program and its settings: pages that another one made and left in a shared
    cache are not ours."""
    rooms = ("config", "people", "films", "reviews", "subscriptions", "templates")
    files = [
        file for room in rooms for ending in ("py", "html") for file in (settings.BASE_DIR / room).rglob(f"*.{ending}")
    ]
    files += [settings.BASE_DIR / "requirements" / "base.txt", Path(settings.STATIC_ROOT) / "staticfiles.json"]
    said = [repr(getattr(settings, name)) for name in SETTINGS_PRINTED]
    digest = hashlib.sha256("\n".join(said).encode())
    for file in sorted(file for file in files if file.is_file()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def may_be_kept(response) -> bool:
    """A page that says of itself that it is public, whole and for everybody."""
    return (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        and "public" in response.headers.get("Cache-Control", "")
    )
