"""What the publication says of films: for each its newest review, else its capsule.

The one place where a list of films is joined with opinion: shelves, filmographies and indexes all use it.
"""

from dataclasses import dataclass

from django.db.models import Case, Count, Exists, Max, Min, OuterRef, When
from django.utils import timezone
from django.utils.text import get_text_list

from config.sql import children, ready_made, rows
from films.models import Credit, Film, Role
from films.models.roles import ROLE_ORDER
from people.models import Person
from reviews.models import Review
from reviews.models.review import author_columns

SHELF_LENGTH = 6


REVIEW_COLUMNS = ("id", "slug", "headline", "standfirst", "rating", "film_id")
"""What a card of a film prints of its review, beside the authors."""


def with_coverage(films, now=None):
    """Adds to a queryset of films what their cards print, the newest published review and the first capsule."""
    return films.with_card().annotate(**ready_made(Film, _coverage_columns, at=now or timezone.now()))


def _coverage_columns(now) -> dict:
    newest = Review.objects.published(now).filter(film=OuterRef("pk")).newest_first()[:1]
    review = {name: name for name in REVIEW_COLUMNS} | author_columns()
    first = children(Film, "capsules").order_by("pk")[:1]
    author = {"author_name": "author__name", "author_slug": "author__slug"}
    capsule = {"body": "body", "rating": "rating"} | author
    return {"review_rows": rows(newest, **review), "capsule_rows": rows(first, **capsule)}


def cover(films: list[Film]) -> list[Film]:
    """The films of with_coverage() with `review` (a Review or None) and `capsule` (a dict or None) set on each."""
    for film in films:
        film.review = _review_of(film)
        film.page_url = (film.review or film).get_absolute_url()
        film.capsule = film.capsule_rows[0] if film.capsule_rows and not film.review else None
    return films


def _review_of(film: Film) -> Review | None:
    if not film.review_rows:
        return None
    row = film.review_rows[0]
    columns = [field.attname for field in Review._meta.concrete_fields if field.attname in REVIEW_COLUMNS]
    review = Review.from_db(film._state.db, columns, [row[name] for name in columns])  # in the order of the fields
    review.film, review.author_rows = film, row["author_rows"]
    return review


@dataclass(frozen=True)
class Shelf:
    """Films to print side by side under a heading. `directors` are dicts with name and slug."""

    directors: list[dict]
    films: list[Film]


def more_by_directors(film: Film) -> Shelf | None:
    """The other films of a film's directors: reviewed ones first, then those with a capsule, newest film first.

    One query. None when there is nothing to show, so that no empty shelf is printed."""
    directing = Credit.objects.filter(role=Role.DIRECTOR)
    theirs = directing.filter(person__in=directing.filter(film=film).values("person")).values("film")
    others = with_coverage(Film.objects.filter(pk__in=theirs).exclude(pk=film.pk).defer("synopsis"))
    reviewed = Review.objects.published().filter(film=OuterRef("pk"))
    coverage = Case(When(Exists(reviewed), then=0), When(Exists(children(Film, "capsules")), then=1), default=2)
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
    """One role of a filmography with its films by year."""

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


def filmography(person: Person, *, oldest_first: bool = False) -> list[RoleFilms]:
    """A person's films by role, each covered: two queries, however many films and roles. Films whose year nobody
    knows come last."""
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
        entries = [
            FilmCredit(by_pk[pk], ", ".join(filter(None, names)), pk in seen)
            for pk, names in played.items()
            if pk in by_pk  # deleted between the two queries
        ]
        entries.sort(key=lambda entry: _by_year(entry.film, oldest_first))
        groups.append(RoleFilms(role, FILMOGRAPHY_HEADINGS[role], entries))
        seen |= played.keys()
    return groups


def _by_year(film: Film, oldest_first: bool) -> tuple:
    year = film.year or 0
    return not year, year if oldest_first else -year, film.sort_title, film.pk


@dataclass(frozen=True)
class Collaborator:
    """Somebody who made several films with a person: what they did there, on how many films, and when."""

    name: str
    slug: str
    roles: str
    films: int
    years: str


@dataclass(frozen=True)
class Together:
    """The people who made most films with a person; `are_all` unless there are more."""

    people: list[Collaborator]
    are_all: bool


def collaborators(person: Person, limit: int = 12) -> Together:
    """Who made films with a person more than once, most films first: two queries. The database counts films, not
    credits: who wrote and directed a film made it once."""
    theirs = Credit.objects.filter(film__in=person.credits.values("film")).order_by()
    most = list(
        theirs.exclude(person=person)
        .values("person", "person__name", "person__slug")
        .annotate(films=Count("film", distinct=True), first=Min("film__year"), last=Max("film__year"))
        .filter(films__gt=1)
        .order_by("-films", "person__letter", "person__sort_key", "person")[: limit + 1]
    )
    are_all, most = len(most) <= limit, most[:limit]
    roles: dict[int, list[str]] = {}
    counted = theirs.filter(person__in=[row["person"] for row in most]).values_list("person", "role")
    by_count = counted.annotate(films=Count("film", distinct=True)).values_list("person", "role", "films")
    for pk, role, _films in sorted(by_count, key=lambda row: (-row[2], ROLE_ORDER[row[1]])):
        roles.setdefault(pk, []).append(Role(role).label.lower())
    people = [
        Collaborator(
            row["person__name"],
            row["person__slug"],
            get_text_list(roles[row["person"]], "and"),
            row["films"],
            _span(row["first"], row["last"]),
        )
        for row in most
        if row["person"] in roles  # deleted between the two queries
    ]
    return Together(people, are_all)


def _span(first: int | None, last: int | None) -> str:
    """ "2009–2018", "2009" for one year, nothing if no year is known."""
    return f"{first}–{last}" if first != last else str(first or "")


def most_reviewed_directors(limit: int = 12) -> list[Person]:
    """The directors with most films reviewed, most first, each with `reviewed` (a number of films)."""
    visible = Review.objects.published().values("film")
    counted = Person.objects.filter(credits__role=Role.DIRECTOR, credits__film__in=visible).annotate(
        reviewed=Count("credits__film", distinct=True)
    )
    return list(counted.order_by("-reviewed", "letter", "sort_key", "pk")[:limit])
