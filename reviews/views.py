"""Public pages of the publication: reviews, authors, tags and simple pages."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from config.http import for_everybody, public_page
from config.middleware import in_admin
from config.slugs import get_or_redirect
from films.models import Role
from films.pictures import credits_of
from reviews.archive.contents import reviews_now
from reviews.archive.views import listed, review_page_of
from reviews.around import around, with_capsules
from reviews.coverage import more_by_directors
from reviews.models import Author, Page, Publication, Review
from reviews.related import related_reviews, with_candidates
from reviews.seasons import places_of, with_places
from reviews.tags import tag_or_redirect

FACT_BOX_ROLES = (Role.DIRECTOR, Role.WRITER, Role.CINEMATOGRAPHER, Role.ACTOR)
MOST_QUOTES = 2  # a review is ours; more of others would drown it. The film's page prints all.


@public_page
def review_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """The page of one review."""
    reviews = with_capsules(with_candidates(with_places(Review.objects.published().for_page())))
    review, redirect = get_or_redirect(reviews, slug)
    return redirect or review_page(request, review)


def review_page(request: HttpRequest, review: Review) -> HttpResponse:
    """A review as readers see it; the editors' preview prints the very same page."""
    film = review.film
    credits = film.credits_by_role()
    shelf = more_by_directors(film)
    shown = shelf.films if shelf else []
    related = related_reviews(review, credits, shown)
    return TemplateResponse(
        request,
        "reviews/review_detail.html",
        {
            "review": review,
            "film": film,
            "quotes": film.critic_quotes.all()[:MOST_QUOTES],
            "credits": [(role, group) for role, group in credits if role in FACT_BOX_ROLES],
            "tags": review.tags_by_name,
            "around": around(review),
            "seasons": places_of(review),
            "shelf": shelf,
            "related": related,
            "picture_credits": credits_of(
                [*(other.card_still for other in shown), *(other.item.still for other in related)]
            ),
        },
    )


@public_page
def author_list(request: HttpRequest) -> HttpResponse:
    """Everybody who writes or wrote here."""
    count = Count(
        "reviews_signed",
        filter=Q(reviews_signed__review__in=Review.objects.published()),
    )
    authors = Author.objects.select_related("portrait").annotate(reviewed=count).order_by("has_left", "name")
    return TemplateResponse(request, "reviews/author_list.html", {"authors": authors})


@public_page
def author_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """An author: biography, favourites and reviews, newest first."""
    author, redirect = get_or_redirect(Author.objects.with_favourites(), slug)
    if redirect:
        return redirect
    index, publication = reviews_now(request), Publication.current()
    page = review_page_of(request, index, index.matching({"author": author.slug}), publication)
    context = {"author": author, "publication": publication}
    return TemplateResponse(request, "reviews/author_detail.html", context | listed(page))


@public_page
def tag_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Reviews with a tag; a tag that no public review has is no page."""
    tag, redirect = tag_or_redirect(slug)
    if redirect:
        return redirect
    index, publication = reviews_now(request), Publication.current()
    page = review_page_of(request, index, index.matching({"tag": tag.slug}), publication)
    context = {"tag": tag, "publication": publication}
    return TemplateResponse(request, "reviews/tag_detail.html", context | listed(page))


@public_page
def page_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A simple page such as About."""
    page, redirect = get_or_redirect(Page.objects.public(), slug)
    return redirect or TemplateResponse(request, "reviews/page_detail.html", {"simple_page": page})


def not_found(request: HttpRequest, exception) -> HttpResponse:
    """404 in the publication's design, with ways on. Caches may keep it like any page, but no address of the admin."""
    newest = (
        Review.objects.published().newest_first().select_related("film").only("headline", "slug", "film__title")[:3]
    )
    response = TemplateResponse(request, "404.html", {"newest": newest}, status=404)
    if not in_admin(request):
        for_everybody(response)
    return response.render()
