"""What the pages of seasons show: the programme of one, the list of all, and the place of a review in each."""

from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from config.sql import how_many, ready_made, rows
from films.models import Film
from reviews.coverage import with_coverage
from reviews.models import Review, Season, SeasonEntry


@dataclass
class Part:
    """A film in a season, with its review, else its capsule, else neither."""

    number: int
    film: Film
    review: Review | None
    capsule: dict | None
    note: str

    @property
    def title(self) -> str:
        return self.review.title if self.review else self.film.title

    @property
    def language(self) -> str:
        """The language of the title where it is foreign and the film's own."""
        return "" if self.review and self.review.headline else self.film.title_language

    @property
    def still(self):
        return self.review.still if self.review else self.film.card_still

    @property
    def url(self) -> str:
        return (self.review or self.film).get_absolute_url()


@dataclass
class Section:
    """Parts under one heading, which may be empty."""

    heading: str
    parts: list[Part]

    @property
    def first(self) -> int:
        """The number its list begins with."""
        return self.parts[0].number


@dataclass
class Programme:
    """Everything a season shows, in its order."""

    sections: list[Section]
    parts: list[Part]

    @property
    def reviewed(self) -> int:
        """How many of its parts are reviewed."""
        return sum(part.review is not None for part in self.parts)


def programme(season: Season, reviews: QuerySet[Review] | None = None) -> Programme:
    """The parts of a season by section: three queries, however many. Reviews entered are shown if they are among
    `reviews`; left out, those are the ones readers may see."""
    entries = list(season.entries.shown(reviews).values_list("film_shown", "review_shown", "section", "note"))
    found = Review.objects.filter(pk__in={review for _film, review, *_words in entries if review})
    by_pk = found.select_related("lead_image").with_authors().defer("body", "synopsis").in_bulk()
    films = with_coverage(Film.objects.filter(pk__in={film for film, *_rest in entries}).defer("synopsis")).in_bulk()
    parts, headings, heading = [], [], ""
    for number, (film_pk, review_pk, section, note) in enumerate(entries, 1):
        film, review = films[film_pk], by_pk.get(review_pk)
        if review:
            review.film = film
        capsule = film.capsule_rows[0] if film.capsule_rows and not review else None
        heading = section or heading
        headings.append(heading)
        parts.append(Part(number, film, review, capsule, note))
    grouped = groupby(zip(headings, parts, strict=True), key=lambda pair: pair[0])
    return Programme([Section(name, [part for _name, part in group]) for name, group in grouped], parts)


# --- The list of seasons --------------------------------------------------------------------------


@dataclass
class Group:
    """Seasons under one heading of their list."""

    heading: str
    seasons: list[Season] = field(default_factory=list)


def seasons_by_time(today: date | None = None) -> list[Group]:
    """The public seasons with what their cards print: those that go on now, those to come, those without dates,
    those past. Two queries. Each season has `film` (its first, or None), `films` and `reviewed` (numbers)."""
    today = today or timezone.localdate()
    seasons = list(with_numbers(Season.objects.public()).defer("introduction"))
    films = Film.objects.with_card().defer("synopsis").in_bulk({season.film_pk for season in seasons if season.film_pk})
    for season in seasons:
        season.film = films.get(season.film_pk)
    groups = {
        "now": Group("On now"),
        "coming": Group("Coming up"),
        "undated": Group("At any time"),
        "past": Group("Past"),
    }
    for season in seasons:
        groups[time_of(season, today)].seasons.append(season)
    groups["coming"].seasons.reverse()  # the next one first
    return [group for group in groups.values() if group.seasons]


def time_of(season: Season, today: date) -> str:
    """Where a season stands on a day: "undated", "coming", "now" or "past"."""
    if not season.is_festival:
        return "undated"
    if today < season.first_day:
        return "coming"
    return "now" if today <= season.final_day else "past"


def with_numbers(seasons: QuerySet[Season]) -> QuerySet[Season]:
    """Adds the film that stands first, and how many parts there are and how many of them reviewed."""
    shown = SeasonEntry.objects.shown().filter(season=OuterRef("pk"))
    grouped = shown.order_by().values("season")
    return seasons.annotate(
        film_pk=Subquery(shown.values("film_shown")[:1]),
        films=Coalesce(Subquery(grouped.annotate(number=Count("pk")).values("number")), 0),
        reviewed=Coalesce(Subquery(grouped.annotate(number=Count("review_shown")).values("number")), 0),
    )


# --- The place of a review ------------------------------------------------------------------------


SHELF_LENGTH = 5  # parts of a season on the page of one of them


@dataclass(frozen=True)
class Beside:
    """A part of a season near another; without an address, it is that other itself."""

    title: str
    url: str = ""
    is_reviewed: bool = True


@dataclass(frozen=True)
class Place:
    """Where a review stands in a season: the season's title and address, and the parts around it with the number of
    their first."""

    season: str
    url: str
    number: int
    total: int
    parts: list[Beside]
    first: int


def with_places(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """Adds the review's place in the public seasons that show it, as a column of its query. Of a long programme only
    some parts before and after are fetched."""
    return reviews.annotate(**ready_made(Review, _place_columns, at=timezone.now()))


def _place_columns(now) -> dict:
    entries = SeasonEntry.objects.shown(now=now)
    mine = entries.filter(Q(review=OuterRef("pk")) | Q(film=OuterRef("film")), season__is_public=True)
    shown = entries.filter(season=OuterRef("season"))
    beside = {"position": OuterRef("position")}
    before = shown.filter(Q(position__lt=OuterRef("position")) | Q(**beside, pk__lt=OuterRef("pk")))
    after = shown.filter(Q(position__gt=OuterRef("position")) | Q(**beside, pk__gt=OuterRef("pk")))
    return {
        "place_rows": rows(
            mine.order_by("season", F("review").asc(nulls_last=True)),  # the review chosen, else its film
            season="season__title",
            season_slug="season__slug",
            earlier=how_many(before),
            later=how_many(after),
            title=Coalesce(Subquery(_shown_review().values("headline")), Value("")),
            film_title=Subquery(_shown_film().values("title")),
            before=_beside(before.reverse()),
            after=_beside(after),
        )
    }


def _shown_review() -> QuerySet[Review]:
    return Review.objects.filter(pk=OuterRef("review_shown"))


def _shown_film() -> QuerySet[Film]:
    return Film.objects.filter(pk=OuterRef("film_shown"))


def _beside(entries: QuerySet[SeasonEntry]):
    """The first of the entries as a column, as many as a shelf can need."""
    return rows(
        entries[: SHELF_LENGTH - 1],
        review_slug=Subquery(_shown_review().values("slug")),
        title=Subquery(_shown_review().values("headline")),
        film_slug=Subquery(_shown_film().values("slug")),
        film_title=Subquery(_shown_film().values("title")),
    )


def places_of(review: Review) -> list[Place]:
    """The review's place in each public season that shows it; one query, or none if it comes from with_places()."""
    if not hasattr(review, "place_rows"):
        review.place_rows = with_places(Review.objects.filter(pk=review.pk)).values_list("place_rows", flat=True).get()
    by_season = groupby(review.place_rows, key=itemgetter("season_slug"))
    return [_place(next(found)) for _slug, found in by_season]


def _place(row: dict) -> Place:
    before, after = row["before"], row["after"]
    half = SHELF_LENGTH // 2
    before = before[: max(half, SHELF_LENGTH - 1 - len(after))]
    after = after[: SHELF_LENGTH - 1 - len(before)]
    return Place(
        row["season"],
        reverse("seasons:detail", args=[row["season_slug"]]),
        number=row["earlier"] + 1,
        total=row["earlier"] + 1 + row["later"],
        parts=[*map(_part, reversed(before)), Beside(row["title"] or row["film_title"]), *map(_part, after)],
        first=row["earlier"] + 1 - len(before),
    )


def _part(row: dict) -> Beside:
    if row["review_slug"]:
        url = reverse("reviews:detail", args=[row["review_slug"]])
        return Beside(row["title"] or row["film_title"], url)
    return Beside(row["film_title"], reverse("films:detail", args=[row["film_slug"]]), is_reviewed=False)
