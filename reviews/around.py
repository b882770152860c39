"""The reviews around one review: other opinions of its film, and its neighbours by date."""

from dataclasses import dataclass, field

from reviews.models import Review


@dataclass(frozen=True)
class View:
    """One review among a critic's of a film; `is_this` when its page is the one being read."""

    review: Review
    is_this: bool


@dataclass(frozen=True)
class Opinion:
    """A critic (or several, who signed together) on a film: dicts of name and slug, and their reviews, oldest first."""

    authors: list[dict]
    views: list[View]


@dataclass(frozen=True)
class Around:
    """What a review stands among: `older` and `newer` are Reviews or None."""

    opinions: list[Opinion] = field(default_factory=list)
    older: Review | None = None
    newer: Review | None = None


def around(review: Review) -> Around:
    """Other opinions of the film, those of the same critics first, and the neighbours by date: one query.

    What has no date yet has no neighbours."""
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
    if not others:
        return []
    dated = sorted([*others, review], key=lambda view: (view.published_at is None, view.published_at or 0))
    critics: dict[frozenset, Opinion] = {}
    for view in dated:
        slugs = frozenset(author["slug"] for author in view.author_names)
        critics.setdefault(slugs, Opinion(view.author_names, [])).views.append(View(view, view is review))
    own = {author["slug"] for author in review.author_names}
    return [critics[slugs] for slugs in sorted(critics, key=own.isdisjoint)]
