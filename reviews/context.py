from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from reviews.models import Publication


def publication(request: HttpRequest) -> dict:
    """The publication's settings and footer for every template: one query, and none where it is not printed."""
    return {"publication": SimpleLazyObject(Publication.current), "site_url": settings.SITE_URL}
