"""Previews: the very page readers will see, for those who sign in, and for nobody's cache or index."""

from django.http import HttpResponse


def as_preview(response: HttpResponse, **context) -> HttpResponse:
    """A public page, not yet rendered, made a preview of itself; `context` is for the bar above it."""
    response.context_data |= {"preview": True} | context
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"  # to which admin_view() adds more of the kind, "private" too
    return response
