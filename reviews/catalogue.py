"""Public pages of films and people. They live here, not in films/ and people/, because each joins facts
with what the publication says of them, and imports point downwards only."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from config.http import public_page
from config.slugs import get_or_redirect
from films.models import Film
from films.pictures import credits_of
from people.models import Person
from reviews.coverage import collaborators, filmography, more_by_directors
from reviews.models import Review
from reviews.related import films_sharing_people


@public_page
def film_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A film: its facts, full credits, pictures, and all that is said of it here."""
    film, redirect = get_or_redirect(Film.objects.with_facts().with_card(), slug)
    if redirect:
        return redirect
    credits = film.credits_by_role()
    shelf = more_by_directors(film)
    shown = shelf.films if shelf else []
    related = films_sharing_people(film, credits, shown)
    return TemplateResponse(
        request,
        "films/film_detail.html",
        {
            "film": film,
            "credits": credits,
            "stills": film.stills.fit_to_publish().for_cards(),
            "reviews": Review.objects.published()
            .about(film)
            .newest_first()
            .with_authors()
            .select_related("social_card"),
            "capsules": film.capsules.select_related("author").order_by("created_at", "pk"),
            "quotes": film.critic_quotes.all(),
            "shelf": shelf,
            "related": related,
            "picture_credits": credits_of(other.card_still for other in [*shown, *(film.item for film in related)]),
        },
    )


@public_page
def person_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A person: dates, biography, filmography by role (?order=oldest turns it round), and whom they work with."""
    asked = request.GET.get("order", "")
    order = asked.strip().lower()
    if order not in ("", "newest", "oldest"):
        raise Http404("Films are listed newest or oldest first.")
    people = Person.objects.select_related("portrait").prefetch_related("other_names")
    person, redirect = get_or_redirect(people, slug)
    if redirect:
        return redirect
    if "order" in request.GET and asked != "oldest":
        return HttpResponseRedirect(person.get_absolute_url() + ("?order=oldest" if order == "oldest" else ""))
    groups = filmography(person, oldest_first=order == "oldest")
    films = {row.film.pk: row.film for group in groups for row in group.films}
    context = {
        "person": person,
        "groups": groups,
        "oldest_first": order == "oldest",
        "collaborators": collaborators(person),
        "film_count": len(films),
        "picture_credits": credits_of(film.card_still for film in films.values()),
        "reviewed_count": sum(film.review is not None for film in films.values()),
    }
    return TemplateResponse(request, "people/person_detail.html", context)
