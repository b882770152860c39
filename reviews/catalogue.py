"""Public pages of films and people. They live here, not in films/ and people/, because each joins facts
with what the publication says of them, and imports point downwards only."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from config.http import page_of, public_page
from config.slugs import get_or_redirect
from films.models import Film
from films.pictures import credits_of
from people.models import Person
from reviews.coverage import cover, filmography, more_by_directors, with_coverage
from reviews.models import Review

FILMS_PER_PAGE = 48
PEOPLE_PER_PAGE = 120


@public_page
def film_list(request: HttpRequest) -> HttpResponse:
    """All films, by title."""
    page = page_of(
        request,
        with_coverage(Film.objects.by_title().defer("synopsis")),
        FILMS_PER_PAGE,
    )
    page.object_list = cover(list(page.object_list))
    credits = credits_of(film.card_still for film in page.object_list)
    return TemplateResponse(request, "films/film_list.html", {"page": page, "picture_credits": credits})


@public_page
def film_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A film: its facts, full credits, pictures, and all that is said of it here."""
    film, redirect = get_or_redirect(Film.objects.with_facts().with_card(), slug)
    if redirect:
        return redirect
    shelf = more_by_directors(film)
    return TemplateResponse(
        request,
        "films/film_detail.html",
        {
            "film": film,
            "credits": film.credits_by_role(),
            "stills": film.stills.fit_to_publish().for_cards(),
            "reviews": Review.objects.published().about(film).newest_first().with_authors(),
            "capsules": film.capsules.select_related("author"),
            "quotes": film.critic_quotes.all(),
            "shelf": shelf,
            "picture_credits": credits_of(other.card_still for other in shelf.films) if shelf else [],
        },
    )


@public_page
def person_list(request: HttpRequest) -> HttpResponse:
    """Everybody credited on a film, by sort name."""
    return TemplateResponse(
        request,
        "people/person_list.html",
        {"page": page_of(request, Person.objects.by_name().defer("bio"), PEOPLE_PER_PAGE)},
    )


@public_page
def person_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A person: dates, biography and filmography by role."""
    people = Person.objects.select_related("portrait").prefetch_related("other_names")
    person, redirect = get_or_redirect(people, slug)
    if redirect:
        return redirect
    groups = filmography(person)
    films = {row.film.pk: row.film for group in groups for row in group.films}
    context = {
        "person": person,
        "groups": groups,
        "film_count": len(films),
        "picture_credits": credits_of(film.card_still for film in films.values()),
        "reviewed_count": sum(film.review is not None for film in films.values()),
    }
    return TemplateResponse(request, "people/person_detail.html", context)
