"""The A to Z of people, who may be a third of a million: read from the database by index, never whole.

The number of people under each letter is counted once for each state of content. From it follows where a page
begins, so that a late page skips at most the people of its own first letter."""

from collections.abc import Sequence
from itertools import accumulate

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest

from config.alphabet import LETTERS
from films.models import Credit
from people.models import Person
from reviews.archive.contents import for_each_state
from reviews.archive.index import Chosen, Index
from reviews.models import Review


def credited(role: str = "", reviewed: bool = False) -> QuerySet:
    """People who have a credit in a role, on a film reviewed here, or both; everybody if neither is asked. Looks at
    each person's credits, which is the fast way to a page of them."""
    credits = Credit.objects.filter(person=OuterRef("pk"))
    if role:
        credits = credits.filter(role=role)
    if reviewed:
        credits = credits.filter(Exists(Review.objects.published().filter(film=OuterRef("film"))))
    return Person.objects.filter(Exists(credits)) if role or reviewed else Person.objects.all()


def _all_credited(role: str, reviewed: bool) -> QuerySet:
    """The same people by one walk through the credits, which is the fast way to count them all."""
    if not role and not reviewed:
        return Person.objects.all()
    credits = Credit.objects.filter(role=role) if role else Credit.objects.all()
    if reviewed:
        credits = credits.filter(film__in=Review.objects.published().order_by().values("film"))
    return Person.objects.filter(pk__in=credits.order_by().values("person"))


@for_each_state
def _counted() -> dict[tuple[str, bool], list[int]]:
    return {}


def letter_counts(request: HttpRequest, role: str, reviewed: bool) -> list[int]:
    """How many people each letter of the alphabet has, in its order: one query for each state of content."""
    kept = _counted(request)
    if (role, reviewed) not in kept:
        found = _all_credited(role, reviewed).order_by().values_list("letter").annotate(people=Count("pk"))
        counts = dict(found)
        kept[role, reviewed] = [counts.get(place, 0) for place in range(len(LETTERS))]
    return kept[role, reviewed]


class PeopleIndex(Index):
    """Stands for an index of people: it knows the letters only."""

    def __init__(self, letters: list[int]):
        super().__init__()
        object.__setattr__(self, "letters", letters)

    def counts(self, name: str, chosen: Chosen) -> dict[str, int]:
        return {letter: count for letter, count in zip(LETTERS, self.letters, strict=True) if count}


class People(Sequence):
    """People by sort name as a sequence that fetches what is sliced from it: what a Paginator pages.

    `counts` are those of letter_counts(); a letter keeps it to that letter."""

    def __init__(self, people: QuerySet, counts: list[int], letter: str = ""):
        self.people = people
        self.counts = [count if letter in ("", name) else 0 for name, count in zip(LETTERS, counts, strict=True)]
        self.ends = list(accumulate(self.counts))

    def __len__(self):
        return self.ends[-1]

    def __getitem__(self, part):
        if not isinstance(part, slice):
            return self[part : part + 1][0]
        start, stop = part.start or 0, min(len(self) if part.stop is None else part.stop, len(self))
        first = next((place for place, end in enumerate(self.ends) if end > start), len(LETTERS) - 1)
        last = next((place for place, end in enumerate(self.ends) if end >= stop), len(LETTERS) - 1)
        skipped = self.ends[first] - self.counts[first]
        filed = self.people.filter(letter__range=(first, last)).order_by("letter", "sort_key", "pk")
        pks = list(filed.values_list("pk", flat=True)[start - skipped : stop - skipped])
        found = Person.objects.defer("bio").in_bulk(pks)
        return [found[pk] for pk in pks if pk in found]
