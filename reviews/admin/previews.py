"""Previews: the very page readers will see, for those who sign in, and for nobody's cache or index."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse


def as_preview(response: HttpResponse, **context) -> HttpResponse:
    """A public page, not yet rendered, made a preview of itself; `context` is for the bar above it."""
    response.context_data |= {"preview": True} | context
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"  # to which admin_view() adds more of the kind, "private" too
    return response


class PreviewsUnsaved:
    """A form with a button that shows the page it would make, in a tab of its own, and keeps nothing: what was typed
    is saved, printed and taken back, all in the one transaction that Django wraps a form in."""

    def page_of(self, request: HttpRequest, obj, **context) -> HttpResponse:
        """The preview of a record, not yet rendered; `context` is for the bar above it."""
        raise NotImplementedError

    def render_change_form(self, request, context, *args, **kwargs):
        context["previews_unsaved"] = True
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request, obj, post_url_continue=None):
        return self._unsaved(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request, obj):
        return self._unsaved(request, obj) or super().response_change(request, obj)

    def _unsaved(self, request: HttpRequest, obj) -> HttpResponse | None:
        if "_preview" not in request.POST:
            return None
        page = self.page_of(request, obj, is_unsaved=True).render()
        transaction.set_rollback(True)
        return page
