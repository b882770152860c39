"""What to read next: films and reviews that share something with the one at hand, and what that is, in words.

Every reason is printed, so every reason has to be true: who shot both films has shot both, and is not merely in the
credits of both. The same data gives the same list; nothing here is random.

Two steps, each of constant cost. First the database names candidates in one query: for each kind of reason a list
that an index finds and that is cut to a few dozen, so that a tag or a country of thousands costs no more than a rare
one. Then the best of them are fetched with all they share and weighed here in Python, where a reason has its words.
Weighing everything in SQL would rank each review of the same country to show four.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Case, Exists, F, JSONField, Max, OuterRef, Sum, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.text import get_text_list
from taggit.models import TaggedItem

from config.languages import country_in_a_sentence
from config.sql import children, ready_made, rows
from films.models import Credit, Film, FilmCountry, Role
from reviews.coverage import cover, with_coverage
from reviews.models import RelatedChoice, Review, ReviewByline
from reviews.models.review import tag_columns, tags_of_review

SHOWN = 4  # reviews to read next
FILMS_SHOWN = 6
WEIGHED = 16  # candidates looked at closely
OF_A_KIND, OF_A_REASON = 300, 100  # candidates that share people; that share one tag, critic or place
RECENT = 1000  # reviews among which the same country and decade are looked for
LEADS, CAST = 3, 10  # actors by billing: who carries the film, and whom we look at
PEOPLE_OF_A_ROLE = 5
COUNTRIES = 3  # of a film, whose other films are looked for
NAMED = 2  # people or tags in one reason, and reasons in one phrase
ALIKE = 2  # items with the same first reason, as long as there are others
WEIGHED_ALIKE = 2 * ALIKE  # candidates with the same first reason, likewise
CHOSEN = "Chosen by the editors"
CANDIDATES = ("choice_rows", "by_people", "by_tag", "by_critic", "by_place")

WORDS = {  # what a role shared by two films is called, and how much it says; the first is the strongest
    Role.DIRECTOR: ("by", 10),
    Role.CINEMATOGRAPHER: ("shot by", 6),
    Role.WRITER: ("written by", 6),
    Role.ACTOR: ("with", 2),
    Role.EDITOR: ("edited by", 3),
    Role.COMPOSER: ("with music by", 3),
    Role.SOURCE_AUTHOR: ("from a work by", 3),
    Role.PRODUCTION_DESIGNER: ("designed by", 2),
    Role.COSTUME_DESIGNER: ("with costumes by", 2),
    Role.NARRATOR: ("narrated by", 2),
    Role.SOUND: ("with sound by", 1),
    Role.PRODUCER: ("produced by", 1),
}
LEAD_WEIGHT, TAG_WEIGHT, PLACE_WEIGHT, CRITIC_WEIGHT = 5, 2, 2, 1


@dataclass(frozen=True)
class Reason:
    """One thing shared, in words that follow "also", and how much it says."""

    weight: int
    words: str


@dataclass(frozen=True)
class Related:
    """A review (or a film, covered) worth going on to, and why: a phrase to print."""

    item: Review | Film
    reason: str


def phrase(reasons: list[Reason]) -> str:
    """The strongest reasons as one phrase: "Also shot by Agnès Godard, with Denis Lavant"."""
    return "Also " + ", ".join(reason.words for reason in reasons[:NAMED]) if reasons else ""


class SharedPeople:
    """The people of a film whose other films may be worth going on to: `credits` as of Film.credits_by_role()."""

    def __init__(self, credits: list[tuple[Role, list[Credit]]]):
        self.names: dict[tuple[str, int], str] = {}
        self.weights: dict[tuple[str, int], int] = {}
        for role, group in credits:
            people = {credit.person_id: credit.person.name for credit in group}
            for place, (person, name) in enumerate(people.items()):
                if place == (CAST if role == Role.ACTOR else PEOPLE_OF_A_ROLE):
                    break
                is_lead = role == Role.ACTOR and place < LEADS
                self.names[role, person] = name
                self.weights[role, person] = LEAD_WEIGHT if is_lead else WORDS[role][1]

    @property
    def pks(self) -> set[int]:
        return {person for _role, person in self.names}

    def rows_on(self, film: str):
        """Their credits on the film that the outer query's column names, as a column: dicts of role and person."""
        if not self.names:
            return Value([], JSONField())
        theirs = Credit.objects.filter(film=OuterRef(film), person__in=self.pks).order_by()
        return rows(theirs, role="role", person="person_id")

    def best_films(self, but: list[int]):
        """The films that have most of them in the same roles, those excepted, as a subquery. Those whose strongest tie
        weighs the same take turns with others, so that the hundred films of a cinematographer leave room."""
        same: dict[tuple[str, int], list[int]] = {}
        for (role, person), weight in self.weights.items():
            same.setdefault((role, weight), []).append(person)
        weight = Case(
            *(When(role=role, person__in=people, then=Value(weight)) for (role, weight), people in same.items()),
            default=0,
        )
        films = Credit.objects.filter(person__in=self.pks).exclude(film__in=but).order_by().values("film")
        counted = films.annotate(weight=Sum(weight), strongest=Max(weight)).filter(weight__gt=0)
        turn = Window(RowNumber(), partition_by=F("strongest"), order_by=(F("weight").desc(), F("film").desc()))
        return counted.annotate(turn=turn).order_by("turn", "-weight", "-film_id").values("film")[:WEIGHED]

    def reasons(self, shared: list[dict]) -> list[Reason]:
        """What rows_on() says, in words, strongest first. Who did two things is named for the one that says more."""
        found = {(row["role"], row["person"]) for row in shared}
        best: dict[int, tuple[str, int]] = {}
        order = list(WORDS)
        for key in sorted(found & self.names.keys(), key=lambda key: (-self.weights[key], order.index(key[0]))):
            best.setdefault(key[1], key)
        reasons = []
        for role, (words, _weight) in WORDS.items():
            people = [key for key in self.names if key[0] == role and best.get(key[1]) == key]
            if people:
                names = get_text_list([self.names[key] for key in people[:NAMED]], "and")
                reasons.append(Reason(sum(self.weights[key] for key in people), f"{words} {names}"))
        return strongest_first(reasons)


def _pks(records) -> list[int]:
    return [record.pk for record in records]


def strongest_first(reasons: list[Reason]) -> list[Reason]:
    return sorted(reasons, key=lambda reason: -reason.weight)


def films_sharing_people(film: Film, credits: list, but: list[Film]) -> list[Related]:
    """Other films with the people of this one: those that share most first, reviewed before others. One query.

    `credits` are groups of Film.credits_by_role(); `but` are films that the page shows already."""
    people = SharedPeople(credits)
    best = people.best_films([film.pk, *_pks(but)])
    others = with_coverage(Film.objects.filter(pk__in=best).defer("synopsis"))
    found = [(other, people.reasons(other.shared_rows)) for other in others.annotate(shared_rows=people.rows_on("pk"))]
    cover([other for other, _reasons in found])
    found.sort(key=_film_rank, reverse=True)
    return _varied(found, FILMS_SHOWN)


def _film_rank(found: tuple[Film, list[Reason]]) -> tuple:
    film, reasons = found
    return _weight(reasons), film.review is not None, film.year or 0, film.pk


def _weight(reasons: list[Reason]) -> int:
    return sum(reason.weight for reason in reasons)


def with_candidates(reviews):
    """Adds to a queryset of reviews what related_reviews() begins with: the editors' choices and, for each kind of
    reason, the reviews that may have it, as columns of the query itself."""
    return reviews.annotate(**ready_made(Review, _candidate_columns, at=timezone.now()))


def _candidate_columns(now) -> dict:
    """Each list is a walk along an index and cut off. What a candidate really shares is looked at later, for the best
    of them only."""
    public = Review.objects.published(now)
    weight = Case(
        When(role=Role.ACTOR, person__credits__position__gt=CAST, then=0),
        When(role=Role.ACTOR, person__credits__position__lte=LEADS, then=LEAD_WEIGHT),
        *(When(role=role, then=weight) for role, (_words, weight) in WORDS.items()),
    )
    people = (
        Credit.objects.filter(person__credits__film=OuterRef("film"), person__credits__role=F("role"))
        .exclude(film=OuterRef("film"))
        .annotate(weight=weight)
        .filter(Exists(public.filter(pk=OuterRef("film__reviews"))), weight__gt=0, film__reviews__isnull=False)
        .order_by("-weight", "-film__reviews__pk")
    )
    tagged = TaggedItem.objects.filter(Exists(public.filter(pk=OuterRef("object_id"))), tag=OuterRef("tag"))
    signed = ReviewByline.objects.filter(Exists(public.filter(pk=OuterRef("review"))), author=OuterRef("author"))
    made = FilmCountry.objects.filter(film=OuterRef("film"), country=OuterRef(OuterRef("country")))
    decade = OuterRef("film__year") - OuterRef("film__year") % 10
    there = Review.objects.filter(
        Exists(made),
        pk__in=public.newest_first().values("pk")[:RECENT],
        film__year__gte=decade,
        film__year__lt=decade + 10,
    )
    places = FilmCountry.objects.filter(film=OuterRef("film")).order_by("position", "pk")[:COUNTRIES]
    choices = children(Review, "related_choices").order_by("position", "pk")
    return {
        "choice_rows": rows(choices, other="other_id", choice="choice", reason="reason"),
        "by_people": rows(people[:OF_A_KIND], id="film__reviews", film="film_id", person="person_id", weight="weight"),
        "by_tag": rows(tags_of_review().order_by(), found=rows(tagged.order_by("-pk")[:OF_A_REASON], id="object_id")),
        "by_critic": rows(
            children(Review, "bylines").order_by(),
            found=rows(signed.order_by("-review_id")[:OF_A_REASON], id="review_id"),
        ),
        "by_place": rows(places, found=rows(there.order_by("-pk")[:OF_A_REASON], id="pk")),
    }


def _best(review: Review, but_films: list[int]) -> list[int]:
    """The candidates, roughly by how much they share; of those that share the same thing most, only so many come before
    all others. A theme that hundreds have leaves room for the films of an actor."""
    shared: dict[int, Counter] = defaultdict(Counter)  # of each candidate: what it shares, and how much that says
    for row in review.by_people:
        if row["film"] not in but_films:
            shared[row["id"]]["person", row["person"]] += row["weight"]
    for name, reasons, weight in (("tag", review.by_tag, TAG_WEIGHT), ("critic", review.by_critic, CRITIC_WEIGHT)):
        for number, reason in enumerate(reasons):
            for row in reason["found"]:
                shared[row["id"]][name, number] += weight
    for pk in {row["id"] for country in review.by_place for row in country["found"]}:
        shared[pk]["place", 0] = PLACE_WEIGHT
    alike: Counter[tuple] = Counter()
    first, rest = [], []
    for pk in sorted(shared, key=lambda pk: (shared[pk].total(), pk), reverse=True):
        most = max(shared[pk].values())
        strongest = tuple(sorted(what for what, weight in shared[pk].items() if weight == most))
        alike[strongest] += 1
        (first if alike[strongest] <= WEIGHED_ALIKE else rest).append(pk)
    return first + rest


def related_reviews(review: Review, credits: list, but: list[Film]) -> list[Related]:
    """Reviews to read after this one, at most SHOWN: the editors' pins in their order, then what shares most with it, never what
    they barred. Two queries, and one more for a review without with_candidates().

    `credits` are groups of Film.credits_by_role(); films of `but` are on the page already. Of two reviews of one
    film only the better placed is recommended; other reviews of this film are second opinions, not reading."""
    if not hasattr(review, "choice_rows"):
        vars(review).update(with_candidates(Review.objects.filter(pk=review.pk)).values(*CANDIDATES).get())
    choices = {row["other"]: row for row in review.choice_rows}
    pins = {pk: row["reason"] for pk, row in choices.items() if row["choice"] == RelatedChoice.Choice.PIN}
    printed = [review.film_id, *_pks(but)]
    best = [pk for pk in _best(review, printed) if pk not in choices and pk != review.pk][:WEIGHED]
    found = Ties(review, SharedPeople(credits)).to([*pins, *best])
    pinned = [Related(found[pk][0], own or phrase(found[pk][1]) or CHOSEN) for pk, own in pins.items() if pk in found]
    pinned = pinned[:SHOWN]
    taken = {*printed, *(related.item.film_id for related in pinned)}
    rest = []
    for other, reasons in sorted((found[pk] for pk in best if pk in found), key=_rank, reverse=True):
        if other.film_id not in taken:
            taken.add(other.film_id)
            rest.append((other, reasons))
    return pinned + _varied(rest, SHOWN - len(pinned))


def _rank(found: tuple[Review, list[Reason]]) -> tuple:
    review, reasons = found
    return _weight(reasons), review.published_at, review.pk


@dataclass(frozen=True)
class Ties:
    """All that ties a review to others: the people of its film, its tags, its place and period, its critics."""

    review: Review
    people: SharedPeople

    @cached_property
    def tags(self) -> dict[int, str]:
        return {tag.pk: tag.name for tag in self.review.tags_by_name}

    @cached_property
    def countries(self) -> list[str]:
        return [row["code"] for row in self.review.film.country_rows]

    @cached_property
    def decade(self) -> tuple[int, int] | None:
        """The first and the last year of the film's decade."""
        year = self.review.film.year
        return (year // 10 * 10, year // 10 * 10 + 9) if year else None

    def to(self, pks: list[int]) -> dict[int, tuple[Review, list[Reason]]]:
        """Those of the reviews that readers may see, as cards, each with all it shares, strongest first: two queries."""
        found = Review.objects.published().filter(pk__in=pks).for_cards()
        found = found.annotate(shared_rows=self.people.rows_on("film"), **ready_made(Review, tag_columns))
        return {other.pk: (other, self.reasons(other)) for other in found}

    def reasons(self, other: Review) -> list[Reason]:
        """What another review shares with this one, strongest first."""
        reasons = self.people.reasons(other.shared_rows)
        theirs = {row["id"] for row in other.tag_rows}
        if tags := [name for pk, name in self.tags.items() if pk in theirs]:
            quoted = [f"“{name}”" for name in tags[:NAMED]]  # some tags have an "and" of their own
            reasons.append(Reason(TAG_WEIGHT * len(tags), f"filed under {get_text_list(quoted, 'and')}"))
        codes = {row["code"] for row in other.film.country_rows}
        country = next((code for code in self.countries if code in codes), None)
        if country and self.decade and self.decade[0] <= (other.film.year or 0) <= self.decade[1]:
            place = f"from {country_in_a_sentence(country)} in the {self.decade[0]}s"
            reasons.append(Reason(PLACE_WEIGHT, place))
        slugs = {author["slug"] for author in other.author_rows}
        if critics := [author.name for author in self.review.authors() if author.slug in slugs]:
            reasons.append(Reason(CRITIC_WEIGHT, f"reviewed by {get_text_list(critics, 'and')}"))
        return strongest_first(reasons)


def _varied(found: list, most: int) -> list[Related]:
    """The first of (item, reasons), only so many for the same first reason as long as there are others."""
    leading: Counter[str] = Counter()
    first, rest = [], []
    for item, reasons in found:
        if reasons:
            leading[reasons[0].words] += 1
            (first if leading[reasons[0].words] <= ALIKE else rest).append(Related(item, phrase(reasons)))
    return (first + rest)[:most]
