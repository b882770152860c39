"""Media files served by the site itself, when no other server and no S3 does it."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

SERVED = {
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".png": "image/png",
}


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """One picture. Only kinds of file that we write ourselves are served, so nothing uploaded can run in a
    browser; names come from content, so an answer may be kept for ever."""
    ending = path[path.rfind(".") :].lower() if "." in path else ""
    if ending not in SERVED or "\x00" in path:
        raise Http404("No such picture.")
    response = serve(request, path, document_root=settings.MEDIA_ROOT)
    if response.status_code == 200:
        response.headers["Content-Type"] = SERVED[ending]
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
