"""A letter read on the site: what everybody got, without what was anybody's own."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from config.http import public_page
from reviews.models import Review
from subscriptions.models import Mailing
from subscriptions.snapshot import subject_and_preheader


@public_page
def mailing(request: HttpRequest, identity: UUID) -> HttpResponse:
    """The snapshot of a mailing that was sent. A review that is no longer public is left out of it."""
    found = get_object_or_404(Mailing.objects.exclude(started_at=None), identity=identity)
    items = found.content.get("items", [])
    public = set(
        Review.objects.published().filter(pk__in=[item["review_id"] for item in items]).values_list("pk", flat=True)
    )
    shown = [item for item in items if item["review_id"] in public]
    if not shown:
        raise Http404("Nothing of this letter is public.")
    stills = [item["still"] for item in shown if item["still"]]
    context = {
        "content": found.content | ({} if len(shown) == len(items) else subject_and_preheader(shown)),
        "items": shown,
        "picture_credits": list(dict.fromkeys(still["credit"] for still in stills if still["credit"])),
    }
    response = TemplateResponse(request, "subscriptions/mailing.html", context)
    response.headers["X-Robots-Tag"] = "noindex"
    return response
