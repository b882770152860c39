"""The reviews around one review: other opinions of its film, and its neighbours by date."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import OuterRef

from config.sql import ready_made, rows
from reviews.models import Capsule, Review


@dataclass(frozen=True)
class View:
    """What a critic said of a film once, and where it stands: a review, or a capsule, which is on the film's page.
    `is_this` when its page is the one being read."""

    title: str
    address: str
    rating: Decimal | float | None
    date: datetime | None
    is_this: bool = False


@dataclass(frozen=True)
class Opinion:
    """A critic (or several, who signed together) on a film: dicts of name and slug, and their views, oldest first."""

    authors: list[dict]
    views: list[View]


@dataclass(frozen=True)
class Around:
    """What a review stands among: `older` and `newer` are Reviews or None."""

    opinions: list[Opinion] = field(default_factory=list)
    older: Review | None = None
    newer: Review | None = None


def with_capsules(reviews):
    """Adds to a queryset of reviews the capsules on their films, as a column of the query itself."""
    return reviews.annotate(**ready_made(Review, _capsule_columns))


def _capsule_columns() -> dict:
    capsules = Capsule.objects.filter(film=OuterRef("film")).order_by("pk")
    said = {"name": "author__name", "slug": "author__slug", "rating": "rating", "moment": "created_at"}
    return {"capsule_rows": rows(capsules, **said)}


def around(review: Review) -> Around:
    """Other opinions of the film, those of the same critics first, and the neighbours by date: one query, and one more
    for a review without with_capsules().

    What has no date yet has no neighbours."""
    if not hasattr(review, "capsule_rows"):
        review.capsule_rows = (
            with_capsules(Review.objects.filter(pk=review.pk)).values_list("capsule_rows", flat=True).get()
        )
    public = Review.objects.published()
    moment = review.published_at
    wanted = [public.filter(film=review.film_id)]
    if moment:
        # Each is one step in the index of (state, published_at, id), which one query with an OR would not be.
        wanted.append(public.filter(pk=public.older_than(review).newest_first().values("pk")[:1]))
        wanted.append(public.filter(pk=public.newer_than(review).newest_first().reverse().values("pk")[:1]))
    columns = ("headline", "slug", "rating", "published_at", "film__title")
    found = [reviews.order_by().with_authors().select_related("film").only(*columns) for reviews in wanted]
    once = {other.pk: other for other in found[0].union(*found[1:], all=True) if other.pk != review.pk}
    others = sorted(once.values(), key=_place)
    here = (moment, review.pk)
    return Around(
        opinions=_opinions(review, [other for other in others if other.film_id == review.film_id]),
        older=next((other for other in reversed(others) if moment and _place(other) < here), None),
        newer=next((other for other in others if moment and _place(other) > here), None),
    )


def _place(review: Review) -> tuple:
    return review.published_at, review.pk


def _opinions(review: Review, others: list[Review]) -> list[Opinion]:
    """Who holds which, this review's critics first; none when nobody has said anything else of the film."""
    said = [(other.author_names, _view_in(other)) for other in others]
    said += [([{"name": row["name"], "slug": row["slug"]}], _short_view(review, row)) for row in review.capsule_rows]
    if not said:
        return []
    said.append((review.author_names, _view_in(review, is_this=True)))
    critics: dict[frozenset, Opinion] = {}
    for authors, view in sorted(said, key=lambda pair: (pair[1].date is None, pair[1].date or 0)):
        slugs = frozenset(author["slug"] for author in authors)
        critics.setdefault(slugs, Opinion(authors, [])).views.append(view)
    own = {author["slug"] for author in review.author_names}
    return [critics[slugs] for slugs in sorted(critics, key=own.isdisjoint)]


def _view_in(review: Review, *, is_this: bool = False) -> View:
    return View(review.title, review.get_absolute_url(), review.rating, review.published_at, is_this)


def _short_view(review: Review, row: dict) -> View:
    moment = datetime.fromisoformat(row["moment"])
    # SQLite keeps times in UTC, without saying so.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return View("In short", f"{review.film.get_absolute_url()}#h-cap", row["rating"], moment)
