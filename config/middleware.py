"""Response headers that differ between the pages readers see and the admin."""

from django.conf import settings
from django.middleware.csp import ContentSecurityPolicyMiddleware
from django.middleware.gzip import GZipMiddleware
from django.middleware.http import ConditionalGetMiddleware
from django.utils.cache import set_response_etag


def in_admin(request) -> bool:
    """Whether the request is for the admin, pages it does not have included."""
    match = request.resolver_match
    return bool(match and "admin" in match.namespaces) or request.path_info.startswith("/admin/")


class SteadyGZipMiddleware(GZipMiddleware):
    """Compresses the same page to the same bytes, so that caches and ETags can rely on it.

    Django pads compressed pages at random against BREACH, which guesses secrets from their length. Pages
    for readers hold none; the admin's do, and keep the padding. Pictures are compressed already.
    """

    max_random_bytes = 0

    def __init__(self, get_response):
        super().__init__(get_response)
        self.padded = GZipMiddleware(get_response)

    def process_response(self, request, response):
        if response.get("Content-Type", "").startswith(("image/", "font/")):
            return response
        if in_admin(request):
            return self.padded.process_response(request, response)
        return super().process_response(request, response)


class NamedVersionMiddleware(ConditionalGetMiddleware):
    """As Django's, and HEAD hears the same ETag as GET: our views make the whole page for it."""

    def process_response(self, request, response):
        if request.method == "HEAD" and self.needs_etag(response) and not response.has_header("ETag"):
            set_response_etag(response)
        return super().process_response(request, response)


class ContentPolicyMiddleware(ContentSecurityPolicyMiddleware):
    """The admin's Content-Security-Policy for the admin, the readers' for all else, and two quiet headers."""

    def process_response(self, request, response):
        if in_admin(request) and not hasattr(response, "_csp_config"):
            response._csp_config = settings.ADMIN_CSP
        # Feed readers and other sites may show our pictures; nobody else's page may embed our pages.
        scope = "cross-origin" if request.path_info.startswith(settings.MEDIA_URL) else "same-origin"
        response.headers.setdefault("Cross-Origin-Resource-Policy", scope)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return super().process_response(request, response)
