"""What the home page shows: as an editor composed it (reviews/models/front.py), or by itself.

What is chosen by hand stands where it was put, and if it was put in two places, in the first. Rules (the newest, a
tag…) pass over whatever else stands on the page, so that no review is on it twice. A row that has nothing to show is
not there."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter

from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from config.sql import rows
from films.models import Credit, Role
from films.pictures import credits_of
from people.models import Person
from reviews.coverage import most_reviewed_directors
from reviews.models import ContentVersion, FrontPage, FrontPick, FrontRow, Review, Season
from reviews.models.front import MOST_ROWS

Kind, Look = FrontRow.Kind, FrontRow.Look
BREADTH = {Kind.VERDICT: 0, Kind.LATEST: 2}
"""How much a rule finds: few, some (1, for all not named), or everything there is."""
AUTOMATIC = (
    FrontRow(kind=Kind.LATEST, length=3),
    FrontRow(kind=Kind.VERDICT),
    FrontRow(kind=Kind.LATEST, look=Look.LIST, length=8),
    FrontRow(kind=Kind.DIRECTORS, length=12),
)


@dataclass
class Row:
    """A row as the page prints it: `reviews`, or for the names of directors `people`; `more` says where its
    heading leads on to, and in which words."""

    kind: str
    look: str
    heading: str
    reviews: list[Review] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    season: Season | None = None
    more: tuple[str, str] | None = None


@dataclass
class Front:
    """The home page."""

    lead: Review | None
    rows: list[Row]

    @property
    def picture_credits(self) -> list[str]:
        shown = ([self.lead] if self.lead else []) + [review for row in self.rows for review in row.reviews]
        return credits_of(review.still for review in shown)


def front_on_site() -> Front:
    """The home page readers see now."""
    return compose(composed_pages().on_site())


def composed_pages() -> QuerySet[FrontPage]:
    """The composed pages with everything compose() reads of them."""
    plans = FrontRow.objects.select_related("person", "tag", "season").defer("person__bio", "season__introduction")
    return FrontPage.objects.prefetch_related(Prefetch("rows", plans), Prefetch("rows__picks", FrontPick.objects.all()))


def compose(page: FrontPage | None, eligible: QuerySet[Review] | None = None) -> Front:
    """The home page as composed in `page` (of composed_pages()), or the automatic one; at most five queries.

    Of what was chosen by hand only what is among `eligible` is shown; left out, that is what readers may see.
    Rules find nothing else in any case. A preview gives more, and shows seasons that are not public."""
    is_preview = eligible is not None
    plans = [
        plan
        for plan in (list(page.rows.all())[:MOST_ROWS] if page else AUTOMATIC)
        if is_preview or plan.season is None or plan.season.is_public
    ]
    wishes = Wishes(page.lead_id if page else None, [_picked(plan) for plan in plans])
    chosen = _choose(plans, wishes, _find(plans, wishes, eligible if is_preview else Review.objects.published()))
    cards = Review.objects.filter(pk__in={pk for keys in chosen for pk in keys}).for_cards().in_bulk()
    lead, *reviews = ([cards[pk] for pk in keys if pk in cards] for keys in chosen)
    total = Review.objects.published().count()
    return Front(next(iter(lead), None), list(_printed(plans, reviews, total)))


@dataclass(frozen=True)
class Wishes:
    """What an editor chose by hand, as keys of reviews: the lead, and what each row is to show."""

    lead: int | None
    rows: list[list[int]]

    @property
    def all(self) -> set[int]:
        return {pk for row in self.rows for pk in row} | ({self.lead} if self.lead else set())


@dataclass(frozen=True)
class Found:
    """What a page may choose from, as keys of reviews: such of the wishes as may be shown, and what the rules find
    for the lead and for each row, whatever else stands on the page."""

    granted: set[int]
    lead: list[int]
    rows: list[list[int]]


def _picked(plan: FrontRow) -> list[int]:
    """The keys of the reviews chosen by hand for a row."""
    return [pick.review_id for pick in plan.picks.all()] if plan.pk and plan.is_picked else []


def _find(plans: list[FrontRow], wishes: Wishes, eligible: QuerySet[Review]) -> Found:
    """Everything the page may choose from in one query: columns of the one row there is of another table."""
    public = Review.objects.published()
    by_rule = {place: found for place, plan in enumerate(plans) if (found := _by_rule(plan, public)) is not None}
    most = sum(plan.length for plan in plans) + 1  # as many as the whole page shows
    featured, newest = public.filter(is_featured=True).newest_first(), public.newest_first()
    columns = {"featured": featured[:most], "newest": newest[:most]}  # each from the beginning of an index
    columns |= {f"row_{place}": found.newest_first()[:most] for place, found in by_rule.items()}
    if wishes.all:
        columns["granted"] = eligible.filter(pk__in=wishes.all).order_by("pk")
    answer = ContentVersion.objects.values(**{name: rows(found, pk="pk") for name, found in columns.items()}).get()
    keys = defaultdict(list, {name: [row["pk"] for row in found] for name, found in answer.items()})
    lead = [*keys["featured"], *keys["newest"]]
    return Found(set(keys["granted"]), lead, [keys[f"row_{place}"] for place in range(len(plans))])


def _by_rule(plan: FrontRow, public: QuerySet[Review]) -> QuerySet[Review] | None:
    """The reviews a row's rule finds among those that are public; None for a row without one."""
    match plan.kind:
        case Kind.LATEST:
            return public
        case Kind.DIRECTOR:
            directed = Credit.objects.filter(role=Role.DIRECTOR, person=plan.person_id).values("film")
            return public.filter(film__in=directed)
        case Kind.TAG:
            return public.tagged(plan.tag)
        case Kind.SEASON:
            return public.filter(pk__in=plan.season.reviews().order_by().values("pk"))
        case Kind.VERDICT:
            return public.filter(is_featured=True).exclude(verdict="")
    return None


def _choose(plans: list[FrontRow], wishes: Wishes, found: Found) -> list[list[int]]:
    """The keys of what stands where: the lead, then each row. First stands what was chosen by hand, from top to bottom;
    then rules choose, and what has few reviews to choose from chooses first."""
    used: set[int] = set()

    def take(keys: list[int], length: int) -> list[int]:
        taken = [pk for pk in keys if pk not in used][:length]
        used.update(taken)
        return taken

    granted = [[pk for pk in keys if pk in found.granted] for keys in ([wishes.lead], *wishes.rows)]
    lengths = [1, *(1 if plan.kind == Kind.VERDICT else plan.length for plan in plans)]
    chosen = [take(keys, length) for keys, length in zip(granted, lengths, strict=True)]
    by_rule = [found.lead, *found.rows]
    breadths = [-1, *(BREADTH.get(plan.kind, 1) for plan in plans)]
    for place in sorted(range(len(chosen)), key=breadths.__getitem__):
        chosen[place] = chosen[place] or take(by_rule[place], lengths[place])
    return chosen


def _printed(plans: list[FrontRow], reviews: list[list[Review]], total: int) -> Iterable[Row]:
    """The rows that have something to show."""
    named = max((plan.length for plan in plans if plan.kind == Kind.DIRECTORS), default=0)
    directors = most_reviewed_directors(named) if named else []
    has_latest = False
    for plan, shown in zip(plans, reviews, strict=True):
        heading, more = _heading(plan, total, has_latest=has_latest)
        row = Row(plan.kind, plan.look, plan.heading or heading, shown, season=plan.season, more=more)
        if plan.kind == Kind.DIRECTORS:
            row.people = sorted(directors[: plan.length], key=attrgetter("sort_name"))
        if row.reviews or row.people:
            has_latest = has_latest or plan.kind == Kind.LATEST
            yield row


def _heading(plan: FrontRow, total: int, *, has_latest: bool) -> tuple[str, tuple[str, str] | None]:
    """The heading a row makes itself, and where it leads on to."""
    match plan.kind:
        case Kind.LATEST if has_latest:
            return "Earlier", None
        case Kind.LATEST:
            return "New reviews", (reverse("reviews:list"), f"All {total} reviews" if total > 1 else "All reviews")
        case Kind.DIRECTOR:
            return plan.person.name, (plan.person.get_absolute_url(), "All films")
        case Kind.TAG:
            name = plan.tag.name
            return name[:1].upper() + name[1:], (reverse("tags:detail", args=[plan.tag.slug]), "All under this heading")
        case Kind.SEASON if not plan.season.is_public:
            return plan.season.title, None
        case Kind.SEASON:
            return plan.season.title, (plan.season.get_absolute_url(), "The whole season")
        case Kind.VERDICT:
            return "Second look", None
        case Kind.DIRECTORS:
            return "Directors, so far", (reverse("people:list"), "Everyone in the index")
    return "Our choice", None
