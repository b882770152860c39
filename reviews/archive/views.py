"""The pages to find reviews, films and people by: filters, letters and months."""

from django.core.paginator import Page
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from config.http import page_of, public_page
from films.models import Film
from films.pictures import credits_of
from reviews.archive.address import FACETS, read_question
from reviews.archive.contents import ReviewIndex, films_now, reviews_now
from reviews.archive.index import PERIOD, Places, Results
from reviews.archive.menus import Archive
from reviews.archive.people import People, credited, people_now
from reviews.archive.wording import FILM_ORDERS, ORDERS, films_called, people_called, reviews_called
from reviews.coverage import cover, with_coverage
from reviews.models import Publication, Review

FILMS_PER_PAGE = 48
PEOPLE_PER_PAGE = 120
CHOICES_PER_PAGE = 300
ALWAYS_LISTED = ("country", "language", "genre")
REVIEW_MENUS = ("country", "language", "genre", "author", "tag", "rating")
FILM_MENUS = ("decade", "year", "country", "language", "genre", "tag", "rating", "reviewed")
PEOPLE_MENUS = ("role", "reviewed")
OWN_PAGES = {"author": "authors:detail", "tag": "tags:detail"}


@public_page
def review_list(request: HttpRequest) -> HttpResponse:
    """The archive of reviews: by filters, in an order."""
    publication, index = Publication.current(), reviews_now(request)
    menus, orders = offered(publication, REVIEW_MENUS, ORDERS)
    question = read_question(request.GET, index, (*PERIOD, *menus), tuple(orders), (*ALWAYS_LISTED, "author", "tag"))
    archive = Archive(index, question, reverse("reviews:list"), menus, OWN_PAGES)
    if redirect := tidied(request, archive):
        return redirect
    heading = reviews_called(index, question)
    if question.choose:
        return choices(request, archive, heading, publication=publication)
    page = review_page_of(request, index, index.matching(question.chosen), publication, question.order)
    context = {"publication": publication, "archive": archive, "orders": orders, "heading": heading}
    return TemplateResponse(request, "reviews/review_list.html", context | listed(page))


def offered(
    publication: Publication, menus: tuple[str, ...], orders: dict[str, tuple[str, str]]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The filters of a form, and the orders with their labels. A publication that prints no ratings does not tell
    them by its filters either."""
    labels = {name: label for name, (label, _phrase) in orders.items()}
    if publication.show_ratings:
        return menus, labels
    del labels["rated"]
    return tuple(name for name in menus if name != "rating"), labels


def review_page_of(
    request: HttpRequest, index: ReviewIndex, found: Places, publication: Publication, order: str = ""
) -> Page:
    """The page asked for of some of the reviews, in two queries however late it is."""

    def cards(pks: list[int]) -> list[Review]:
        by_pk = Review.objects.published().for_cards().in_bulk(pks)
        return [by_pk[pk] for pk in pks if pk in by_pk]

    page = page_of(request, Results(index, found, cards, order), publication.reviews_per_page)
    page.object_list = list(page.object_list)
    return page


def listed(page: Page) -> dict:
    """What a page that lists reviews prints beside its own: the reviews, and who made their pictures."""
    return {"page": page, "picture_credits": credits_of(review.still for review in page)}


@public_page
def film_list(request: HttpRequest) -> HttpResponse:
    """The A to Z of films: by filters, in an order."""
    publication, index = Publication.current(), films_now(request)
    menus, orders = offered(publication, FILM_MENUS, FILM_ORDERS)
    question = read_question(request.GET, index, ("letter", *menus), tuple(orders), (*ALWAYS_LISTED, "tag"))
    archive = Archive(index, question, reverse("films:list"), menus)
    if redirect := tidied(request, archive):
        return redirect
    heading = films_called(index, question)
    if question.choose:
        return choices(request, archive, heading, publication=publication)

    def covered(pks: list[int]) -> list[Film]:
        by_pk = {
            film.pk: film for film in cover(list(with_coverage(Film.objects.filter(pk__in=pks).defer("synopsis"))))
        }
        return [by_pk[pk] for pk in pks if pk in by_pk]

    page = page_of(request, Results(index, index.matching(question.chosen), covered, question.order), FILMS_PER_PAGE)
    page.object_list = list(page.object_list)
    context = {
        "publication": publication,
        "archive": archive,
        "orders": orders,
        "heading": heading,
        "page": page,
        "picture_credits": credits_of(film.card_still for film in page),
    }
    return TemplateResponse(request, "films/film_list.html", context)


@public_page
def person_list(request: HttpRequest) -> HttpResponse:
    """The A to Z of everybody we hold a record of; by role, of those who are credited in it."""
    index = people_now(request)
    question = read_question(request.GET, index, ("letter", *PEOPLE_MENUS))
    archive = Archive(index, question, reverse("people:list"), PEOPLE_MENUS)
    if redirect := tidied(request, archive):
        return redirect
    role, reviewed = question.chosen.get("role", ""), "reviewed" in question.chosen
    people = People(credited(role, reviewed), index.letters(role, reviewed), question.chosen.get("letter", ""))
    page = page_of(request, people, PEOPLE_PER_PAGE)
    context = {"archive": archive, "page": page, "heading": people_called(question)}
    return TemplateResponse(request, "people/person_list.html", context)


def choices(request: HttpRequest, archive: Archive, heading: str, **more) -> HttpResponse:
    """All values of a filter with their counts, as links."""
    name = archive.question.choose
    page = page_of(request, archive.links(name), CHOICES_PER_PAGE)
    context = more | {"archive": archive, "page": page, "facet": FACETS[name], "heading": heading}
    return TemplateResponse(request, "reviews/archive_choices.html", context)


def tidied(request: HttpRequest, archive: Archive) -> HttpResponseRedirect | None:
    """The way to the one address of what is asked, unless the reader is there already."""
    if request.META.get("QUERY_STRING", "") == archive.question.query:
        return None
    return HttpResponseRedirect(archive.address(archive.question))
