"""Public pages of the publication: home, reviews, authors, tags and simple pages."""

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from taggit.models import Tag

from config.http import page_of, public_page
from config.slugs import get_or_redirect
from films.models import Role
from films.pictures import credits_of
from reviews.coverage import more_by_directors, most_reviewed_directors
from reviews.models import Author, Page, Publication, Review

FACT_BOX_ROLES = (Role.DIRECTOR, Role.WRITER, Role.CINEMATOGRAPHER, Role.ACTOR)
MOST_QUOTES = 2  # a review is ours; more of others would drown it. The film's page prints all.
HOME_STRIP = 3
HOME_ROWS = 8


@public_page
def home(request: HttpRequest) -> HttpResponse:
    """The front page: a lead, three new ones, a second look, the next ones, and directors."""
    newest = list(Review.objects.published().newest_first().for_cards()[: HOME_STRIP + HOME_ROWS + 1])
    featured = list(Review.objects.published().filter(is_featured=True).newest_first().for_cards()[:2])
    lead = next(iter(featured or newest), None)
    second = next((review for review in featured[1:] if review.verdict), None)
    rest = [review for review in newest if review not in (lead, second)][: HOME_STRIP + HOME_ROWS]
    shown = [review for review in (lead, second, *rest) if review]
    return TemplateResponse(
        request,
        "reviews/home.html",
        {
            "lead": lead,
            "strip": rest[:HOME_STRIP],
            "second": second,
            "earlier": rest[HOME_STRIP:],
            "picture_credits": credits_of(review.still for review in shown),
            "total": Review.objects.published().count(),
            "directors": most_reviewed_directors(),
        },
    )


@public_page
def review_list(request: HttpRequest) -> HttpResponse:
    """All reviews, newest first."""
    context = paged(request, Review.objects.published())
    return TemplateResponse(request, "reviews/review_list.html", context)


def paged(request: HttpRequest, reviews) -> dict:
    """Context of a list of reviews, newest first: the page asked for, and the settings that say how long it is."""
    publication = Publication.current()
    page = page_of(request, reviews.newest_first().for_cards(), publication.reviews_per_page)
    page.object_list = list(page.object_list)
    credits = credits_of(review.still for review in page.object_list)
    return {"page": page, "publication": publication, "picture_credits": credits}


@public_page
def review_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """The page of one review."""
    review, redirect = get_or_redirect(Review.objects.published().for_page(), slug)
    return redirect or review_page(request, review)


def review_page(request: HttpRequest, review: Review) -> HttpResponse:
    """A review as readers see it; the editors' preview prints the very same page."""
    film = review.film
    shelf = more_by_directors(film)
    return TemplateResponse(
        request,
        "reviews/review_detail.html",
        {
            "review": review,
            "film": film,
            "quotes": film.critic_quotes.all()[:MOST_QUOTES],
            "credits": film.credits_by_role(*FACT_BOX_ROLES),
            "tags": review.tags.order_by("name"),
            "shelf": shelf,
            "picture_credits": credits_of(other.card_still for other in shelf.films) if shelf else [],
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
    reviews = Review.objects.published().by(author).newest_first().for_cards()
    page = page_of(request, reviews, Publication.current().reviews_per_page)
    return TemplateResponse(request, "reviews/author_detail.html", {"author": author, "page": page})


@public_page
def tag_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Reviews with a tag; a tag that no public review has is no page."""
    tag = get_object_or_404(Tag, slug=slug)
    reviews = Review.objects.published().tagged(tag).newest_first().for_cards()
    page = page_of(request, reviews, Publication.current().reviews_per_page)
    if not page.paginator.count:
        raise Http404("No review has this tag.")
    return TemplateResponse(request, "reviews/tag_detail.html", {"tag": tag, "page": page})


@public_page
def page_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A simple page such as About."""
    page = get_object_or_404(Page.objects.public(), slug=slug)
    return TemplateResponse(request, "reviews/page_detail.html", {"simple_page": page})


def not_found(request: HttpRequest, exception) -> HttpResponse:
    """404 in the publication's design, with ways on."""
    newest = (
        Review.objects.published().newest_first().select_related("film").only("headline", "slug", "film__title")[:3]
    )
    return TemplateResponse(request, "404.html", {"newest": newest}, status=404).render()
