"""The page that every printed rating links to: what the scale means, and where it was used."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from config.http import public_page
from reviews.models import Publication, RatingMeaning, Review
from reviews.models.fields import RATINGS, figure_of
from reviews.models.scale import MEANINGS


@dataclass(frozen=True)
class Step:
    """One figure of the scale, what it means here, and how many reviews that readers see have it."""

    rating: Decimal
    meaning: str
    reviews: int

    @property
    def figure(self) -> str:
        return figure_of(self.rating)


def scale() -> list[Step]:
    """The whole scale, highest first; two queries."""
    meanings = MEANINGS | dict(RatingMeaning.objects.values_list("rating", "meaning"))
    rated = Review.objects.published().order_by().exclude(rating=None).values_list("rating")
    counts = dict(rated.annotate(count=Count("pk")))
    return [Step(rating, meanings[rating], counts.get(rating, 0)) for rating in reversed(RATINGS)]


@public_page
def rating_scale(request: HttpRequest) -> HttpResponse:
    """The rating scale, explained; no page of a publication that prints no ratings."""
    publication = Publication.current()
    if not publication.show_ratings:
        raise Http404("This publication prints no ratings.")
    return TemplateResponse(request, "reviews/ratings.html", {"publication": publication, "steps": scale()})
