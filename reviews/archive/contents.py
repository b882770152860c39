"""What the archives of reviews and of films hold, read from the database into an index for each state of content."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from threading import Lock

from django.db import connection
from django.db.models import Manager, Model, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone
from taggit.models import TaggedItem

from config.alphabet import LETTERS, letter_of
from films.models import Film, FilmCountry, FilmLanguage, Genre
from reviews.archive.index import Index, Places, gathered, with_decades
from reviews.changes import State, state_of_content
from reviews.models import Author, Capsule, FormerAuthorSlug, FormerTagSlug, Review, ReviewByline
from reviews.models.fields import figure_of

NOT_DATED = 9999  # films without a year come last
NAMED, MOVED = ("slug", "name"), ("slug", "target__slug")


@dataclass(frozen=True)
class ReviewIndex(Index):
    """The archive of reviews, newest first. `months` has the range of places of every month: (2024, 5) → range(3, 9)."""

    months: dict[tuple[int, int], range] = field(default_factory=dict)

    @property
    def years(self) -> dict[int, dict[int, int]]:
        """How many reviews each month of each year of publication has, newest first; months without any are left out."""
        found: dict[int, dict[int, int]] = {}
        for (year, month), held in self.months.items():
            found.setdefault(year, {})[month] = len(held)
        return found

    def published_in(self, year: int, month: int | None = None) -> Places:
        """The reviews of a year or a month of publication."""
        held = (places for (y, m), places in self.months.items() if y == year and month in (None, m))
        return sum(((1 << len(places)) - 1) << places.start for places in held)


def for_each_state[Made](make: Callable[[], Made]) -> Callable[[HttpRequest], Made]:
    """Makes once what stays true for as long as nothing that archives tell has changed, and keeps it for this
    process. It is made after the state is read: a change in between is kept under the old state, which is harmless."""
    kept: dict[str, Made] = {}
    making = Lock()

    @wraps(make)
    def current(request: HttpRequest) -> Made:
        state = state_for(request).archive
        if (made := kept.get(state)) is not None:
            return made
        with making:
            if (made := kept.get(state)) is None:
                made = make()
                kept.clear()
                if state:
                    kept[state] = made
        return made

    return current


def state_for(request: HttpRequest) -> State:
    """The state of content that a request sees; the page cache has often asked for it already."""
    if not hasattr(request, "state_of_content"):
        request.state_of_content = state_of_content()
    return request.state_of_content


@for_each_state
def reviews_now() -> ReviewIndex:
    """All public reviews, newest first: five queries."""
    published = Review.objects.published().newest_first()
    found = _read(published, "pk", "film_id", "rating", "published_at", "film__year", "film__sort_title")
    pks, films, ratings, moments, years, titles = zip(*found, strict=True) if found else [()] * 6
    length = len(pks)
    at = {pk: (place,) for place, pk in enumerate(pks)}
    tags = [row for row in _read(_tagged(), "tag__slug", "object_id", "tag__name") if row[1] in at]
    signed = _placed(_read(ReviewByline.objects.all(), "author__slug", "review_id"), at)
    words = _pairs(
        author=(Author, *NAMED),
        genre=(Genre, *NAMED),
        former_author=(FormerAuthorSlug, *MOVED),
        former_tag=(FormerTagSlug, *MOVED),
    )
    return ReviewIndex(
        pks,
        facets=_facets_of_films(_grouped(films), length)
        | with_decades(gathered(_stated(years), length))
        | {
            "author": gathered(signed, length),
            "tag": gathered(_placed(((slug, pk) for slug, pk, _name in tags), at), length),
            "rating": gathered(_stated(rating and figure_of(rating) for rating in ratings), length),
        },
        names={
            "author": words["author"],
            "genre": words["genre"],
            "tag": {slug: name for slug, _pk, name in tags},
        },
        former={"author": words["former_author"], "tag": words["former_tag"]},
        orders={
            "oldest": range(length - 1, -1, -1),
            "rated": sorted(range(length), key=lambda place: -(ratings[place] or 0)),
            "title": sorted(range(length), key=titles.__getitem__),
            "year": sorted(range(length), key=lambda place: years[place] or NOT_DATED),
        },
        months=_months(moments),
    )


@for_each_state
def films_now() -> Index:
    """All films, by title: six queries."""
    found = _read(Film.objects.by_title(), "pk", "year", "sort_title")
    pks, years, titles = zip(*found, strict=True) if found else [()] * 3
    length = len(pks)
    at = {pk: (place,) for place, pk in enumerate(pks)}
    reviews = _read(Review.objects.published().newest_first(), "film_id", "rating", "pk")
    # What a list of films prints: the rating of the newest review, else of a capsule.
    said: dict[int, float | None] = {}
    for film, rating, *_review in [*reviews, *_read(Capsule.objects.order_by("pk"), "film_id", "rating")]:
        said.setdefault(film, rating)
    ratings = [said.get(pk) for pk in pks]
    reviewed = {film: turn for turn, film in enumerate(dict.fromkeys(film for film, *_rest in reviews))}
    films = {review: film for film, _rating, review in reviews}
    tags = [row for row in _read(_tagged(), "tag__slug", "object_id", "tag__name") if row[1] in films]
    words = _pairs(genre=(Genre, *NAMED), former_tag=(FormerTagSlug, *MOVED))
    return Index(
        pks,
        facets=_facets_of_films(at, length)
        | with_decades(gathered(_stated(years), length))
        | {
            "letter": gathered(_stated(LETTERS[letter_of(title)] for title in titles), length),
            "tag": gathered(_placed(((slug, films[review]) for slug, review, _name in tags), at), length),
            "rating": gathered(_stated(rating and figure_of(rating) for rating in ratings), length),
            "reviewed": gathered(_placed((("yes", film) for film in reviewed), at), length),
        },
        names={"genre": words["genre"], "tag": {slug: name for slug, _review, name in tags}},
        former={"tag": words["former_tag"]},
        orders={
            "newest": sorted(range(length), key=lambda place: -(years[place] or 0)),
            "oldest": sorted(range(length), key=lambda place: years[place] or NOT_DATED),
            "rated": sorted(range(length), key=lambda place: -(ratings[place] or 0)),
            "reviewed": sorted(range(length), key=lambda place: reviewed.get(pks[place], length)),
        },
    )


def _tagged() -> QuerySet:
    """The tags of all reviews."""
    return TaggedItem.objects.filter(content_type__app_label="reviews", content_type__model="review")


def _read(rows: QuerySet, *columns) -> list[tuple]:
    return _rows_of(rows.values_list(*columns))


def _rows_of(query: QuerySet) -> list[tuple]:
    """Rows as the database has them, unconverted: for a hundred thousand of them, Django's conversions take longer
    than everything else."""
    with connection.cursor() as cursor:
        cursor.execute(*query.query.sql_with_params())
        return cursor.fetchall()


def _stated(values: Iterable) -> Iterable[tuple[object, int]]:
    """Each value with its place; what is not known has none."""
    return ((value, place) for place, value in enumerate(values) if value)


def _placed(rows: Iterable[tuple], at: Mapping[int, Sequence[int]]) -> Iterable[tuple[object, int]]:
    """(value, key) rows as (value, place) pairs; keys that have no place are passed over."""
    return ((value, place) for value, key in rows for place in at.get(key, ()))


def _grouped(films: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for place, film in enumerate(films):
        found.setdefault(film, []).append(place)
    return found


def _facets_of_films(at: Mapping[int, Sequence[int]], length: int) -> dict[str, dict[str, Places]]:
    """What is known of films, for records that stand at the places `at[film]`: one query."""
    rows = _read_together(
        country=(FilmCountry.objects, "country", "film_id"),
        language=(FilmLanguage.objects, "language", "film_id"),
        genre=(Film.genres.through.objects, "genre__slug", "film_id"),
    )
    found = gathered((((facet, value), place) for facet, value, film in rows for place in at.get(film, ())), length)
    facets = {"country": {}, "language": {}, "genre": {}}
    for (facet, value), holders in found.items():
        facets[facet][value.lower()] = holders
    return facets


def _pairs(**parts: tuple[type[Model], str, str]) -> dict[str, dict[str, str]]:
    """What one column of all records of some models says under the other, for each part: one query."""
    found = {name: {} for name in parts}
    columns = {name: (model.objects, key, value) for name, (model, key, value) in parts.items()}
    for name, key, value in _read_together(**columns):
        found[name][key] = value
    return found


def _read_together(**parts: tuple[Manager, str, str]) -> list[tuple]:
    """Two columns of several tables one below the other, each row with the name of its part in front."""
    first, *rest = (rows.order_by().values_list(Value(name), *columns) for name, (rows, *columns) in parts.items())
    return _rows_of(first.union(*rest, all=True).order_by() if rest else first)


def _months(moments: Iterable[datetime]) -> dict[tuple[int, int], range]:
    """The months of publication in the publication's time zone, newest first, each with its range of places."""
    zone = timezone.get_default_timezone()
    found: dict[tuple[int, int], range] = {}
    for place, moment in enumerate(moments):
        # SQLite keeps times in UTC, without saying so.
        local = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone)
        month = (local.year, local.month)
        found[month] = range(found[month].start if month in found else place, place + 1)
    return found
