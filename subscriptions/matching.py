"""Who gets a review, and why: the readers who asked for every one, and those who follow something of it.

A reader may match in many ways; the answers here are by reader, so each is found once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from taggit.models import TaggedItem

from config.languages import country_name
from films.models import Credit, Film, FilmCountry
from reviews.models import Review, ReviewByline, SeasonEntry
from subscriptions.models import Follow, Release, Subscriber

EVERY_REVIEW = "You asked for every review"

Found = Iterator[tuple[int, object, str]]
"""Reviews by what of theirs can be followed: the review's key, the value in the column of Follow, its name."""


def _people(reviews: list[Review]) -> Found:
    rows = Credit.objects.filter(film__reviews__in=reviews).order_by("person_id").distinct()
    return rows.values_list("film__reviews", "person_id", "person__name")


def _authors(reviews: list[Review]) -> Found:
    return ReviewByline.objects.filter(review__in=reviews).values_list("review_id", "author_id", "author__name")


def _tags(reviews: list[Review]) -> Found:
    kind = ContentType.objects.get_for_model(Review)
    rows = TaggedItem.objects.filter(content_type=kind, object_id__in=[review.pk for review in reviews])
    return rows.values_list("object_id", "tag_id", "tag__name")


def _countries(reviews: list[Review]) -> Found:
    rows = FilmCountry.objects.filter(film__reviews__in=reviews).values_list("film__reviews", "country")
    return ((review, code, f"films from {country_name(code)}") for review, code in rows)


def _decades(reviews: list[Review]) -> Found:
    rows = Film.objects.filter(reviews__in=reviews, year__isnull=False).values_list("reviews", "year")
    return ((review, year - year % 10, f"films of the {year - year % 10}s") for review, year in rows)


def _seasons(reviews: list[Review]) -> Found:
    """Of seasons that readers see: the reviews entered, and those of films entered."""
    entries = SeasonEntry.objects.filter(season__is_public=True).order_by()
    chosen = entries.filter(review__in=reviews).values_list("review", "season_id", "season__title")
    of_films = entries.filter(film__reviews__in=reviews).values_list("film__reviews", "season_id", "season__title")
    return chosen.union(of_films).order_by()


FOLLOWABLE: dict[str, Callable[[list[Review]], Found]] = {
    "person": _people,
    "author": _authors,
    "tag": _tags,
    "country": _countries,
    "decade": _decades,
    "season": _seasons,
}
"""For each of Follow's KINDS: what of it reviews have."""


def _column(kind: str) -> str:
    return Follow._meta.get_field(kind).attname


class Followed:
    """What can be followed of some reviews, and who of any range of readers does."""

    def __init__(self, reviews: Iterable[Review]):
        wanted = {review.pk: review for review in reviews}
        self.targets: dict[str, dict[object, dict[int, str]]] = {}
        for kind, find in FOLLOWABLE.items():
            found = defaultdict(dict)
            for review, value, name in find(list(wanted.values())):
                if review in wanted:  # a film may have other reviews
                    found[value][review] = f"You follow {name}"
            self.targets[kind] = found

    def rows(self) -> QuerySet[Follow]:
        """Everything readers follow that these reviews have."""
        any_of = Q.create(
            [Q(**{f"{_column(kind)}__in": list(found)}) for kind, found in self.targets.items() if found], Q.OR
        )
        return Follow.objects.filter(any_of) if any_of else Follow.objects.none()

    def asking(self, readers: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
        """Those among the readers who ask for one of these reviews."""
        followers = self.rows().order_by().values("subscriber")
        return readers.filter(Q(only_followed=False) | Q(pk__in=followers))

    def recipients(self) -> QuerySet[Subscriber]:
        """Who gets a letter of its own about one of these reviews, at this moment."""
        return self.asking(Subscriber.objects.receiving().filter(rhythm=Subscriber.Rhythm.EACH))

    def reasons(self, readers: Q) -> dict[int, dict[int, list[str]]]:
        """For the readers whose rows of Follow a condition picks: the reviews each is told of, and why. One query."""
        columns = [_column(kind) for kind in FOLLOWABLE]
        found: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for reader, *values in self.rows().filter(readers).order_by("pk").values_list("subscriber_id", *columns):
            for kind, value in zip(FOLLOWABLE, values, strict=True):
                for review, sentence in self.targets[kind].get(value, {}).items():
                    found[reader][review].append(sentence)
        return found


def reasons_for(subscriber: Subscriber, review: Review) -> list[str]:
    """Why a reader gets a review, as sentences; empty if they do not ask for it."""
    found = Followed([review]).reasons(Q(subscriber=subscriber))
    return all_reasons(found.get(subscriber.pk, {}).get(review.pk, []), subscriber.only_followed)


def all_reasons(followed: list[str], only_followed: bool) -> list[str]:
    """The sentences printed: what they follow, and that they asked for everything if so."""
    return followed if only_followed else [*followed, EVERY_REVIEW]


def recipients(review: Review) -> QuerySet[Subscriber]:
    """Who gets a letter of its own about a review, at this moment."""
    return Followed([review]).recipients()


def count_recipients(review: Review, choice: str = Release.Choice.NOW) -> int:
    """How many readers a choice reaches: by a letter of its own, or with a digest only."""
    if choice == Release.Choice.NONE:
        return 0
    if choice == Release.Choice.DIGEST:
        in_digests = Subscriber.objects.receiving().exclude(rhythm=Subscriber.Rhythm.EACH)
        return Followed([review]).asking(in_digests).count()
    return recipients(review).count()
