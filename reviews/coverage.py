"""What the publication says of films: for each its newest review, else its capsule.

The one place where a list of films is joined with opinion: shelves, filmographies and indexes all use it.
"""

from dataclasses import dataclass

from django.db.models import Case, Count, Exists, OuterRef, Subquery, When

from config.sql import children, ready_made, rows
from films.models import Credit, Film, Role
from people.models import Person
from reviews.models import Review

SHELF_LENGTH = 6


def with_coverage(films, now=None):
    """Adds to a queryset of films what their cards print, the newest published review's id and the capsules."""
    newest = Review.objects.published(now).filter(film=OuterRef("pk")).newest_first()
    return films.with_card().annotate(review_id=Subquery(newest.values("pk")[:1]), **ready_made(Film, _capsule_columns))


def _capsule_columns() -> dict:
    first = children(Film, "capsules").order_by("pk")[:1]
    author = {"author_name": "author__name", "author_slug": "author__slug"}
    return {"capsule_rows": rows(first, body="body", rating="rating", **author)}


def cover(films: list[Film]) -> list[Film]:
    """The films with `review` (a Review or None) and `capsule` (a dict or None) set on each: one query."""
    found = (
        Review.objects.filter(pk__in=[film.review_id for film in films if film.review_id])
        .with_authors()
        .defer("body", "synopsis")
        .in_bulk()
    )
    for film in films:
        film.review = found.get(film.review_id)
        if film.review:
            film.review.film = film
        film.page_url = (film.review or film).get_absolute_url()
        film.capsule = film.capsule_rows[0] if film.capsule_rows and not film.review else None
    return films


@dataclass(frozen=True)
class Shelf:
    """Films to print side by side under a heading. `directors` are dicts with name and slug."""

    directors: list[dict]
    films: list[Film]


def more_by_directors(film: Film) -> Shelf | None:
    """The other films of a film's directors: reviewed ones first, then those with a capsule, newest film first.

    Two queries. None when there is nothing to show, so that no empty shelf is printed."""
    directing = Credit.objects.filter(role=Role.DIRECTOR)
    mine = directing.filter(film=film).values("person")
    theirs = directing.filter(film=OuterRef("pk"), person__in=mine)
    others = with_coverage(Film.objects.filter(Exists(theirs)).exclude(pk=film.pk).defer("synopsis"))
    coverage = Case(When(review_id__isnull=False, then=0), When(Exists(children(Film, "capsules")), then=1), default=2)
    films = list(others.order_by(coverage, "-year", "sort_title", "pk")[:SHELF_LENGTH])
    return Shelf(film.directors, cover(films)) if films else None


@dataclass
class FilmCredit:
    """A film in a filmography: whom the person plays (if so), and whether the film stood there under an
    earlier role, so that what we say of it need not be said again."""

    film: Film
    character: str
    is_repeated: bool = False


@dataclass(frozen=True)
class RoleFilms:
    """One role of a filmography with its films, newest first."""

    role: str
    label: str
    films: list[FilmCredit]


FILMOGRAPHY_HEADINGS = {
    Role.DIRECTOR: "Films as director",
    Role.WRITER: "Films as writer",
    Role.CINEMATOGRAPHER: "Films as cinematographer",
    Role.EDITOR: "Films as editor",
    Role.COMPOSER: "Films as composer",
    Role.PRODUCER: "Films as producer",
    Role.PRODUCTION_DESIGNER: "Films as production designer",
    Role.COSTUME_DESIGNER: "Films as costume designer",
    Role.SOUND: "Films in sound",
    Role.SOURCE_AUTHOR: "Films after their work",
    Role.NARRATOR: "Films as narrator",
    Role.ACTOR: "Films as actor",
}


def filmography(person: Person) -> list[RoleFilms]:
    """A person's films by role, each covered: three queries, however many films and roles."""
    credits = list(person.credits.in_billing_order().values_list("role", "film_id", "character"))
    films = with_coverage(
        Film.objects.filter(pk__in={film_id for _role, film_id, _character in credits}).defer("synopsis")
    )
    by_pk = {film.pk: film for film in cover(list(films))}
    characters: dict[str, dict[int, list[str]]] = {}
    for role, film_id, character in credits:
        characters.setdefault(role, {}).setdefault(film_id, []).append(character)
    groups, seen = [], set()
    for role, played in characters.items():
        entries = [FilmCredit(by_pk[pk], ", ".join(filter(None, names)), pk in seen) for pk, names in played.items()]
        entries.sort(key=lambda entry: (-(entry.film.year or 0), entry.film.sort_title))
        groups.append(RoleFilms(role, FILMOGRAPHY_HEADINGS[role], entries))
        seen |= played.keys()
    return groups


def most_reviewed_directors(limit: int = 12) -> list[Person]:
    """Directors with most films reviewed, by name, each with `reviewed` (a number of films)."""
    visible = Review.objects.published().values("film")
    counted = (
        Person.objects.filter(credits__role=Role.DIRECTOR, credits__film__in=visible)
        .annotate(reviewed=Count("credits__film", distinct=True))
        .order_by("-reviewed", "sort_name")[:limit]
    )
    return sorted(counted, key=lambda person: person.sort_name)
