"""The A to Z of people, who may be a third of a million: read from the database by index, never whole.

The number of people under each letter, in all and by role, is counted once for each state of content. From it follows
what the filters hold and where a page begins, so that a late page skips at most the people of its own first letter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, QuerySet

from config.alphabet import LETTERS
from films.models import Credit, Role
from people.models import Person
from reviews.archive.contents import for_each_state
from reviews.archive.index import Chosen, Index
from reviews.models import Review

NOBODY = (0,) * len(LETTERS)
VALUES = {"letter": LETTERS, "role": tuple(Role.values), "reviewed": ("yes",)}


def credited(role: str = "", reviewed: bool = False) -> QuerySet:
    """People who have a credit in a role, on a film reviewed here, or both; everybody if neither is asked. Looks at
    each person's credits, which is the fast way to a page of them."""
    credits = Credit.objects.filter(person=OuterRef("pk"))
    if role:
        credits = credits.filter(role=role)
    if reviewed:
        credits = credits.filter(Exists(Review.objects.published().filter(film=OuterRef("film"))))
    return Person.objects.filter(Exists(credits)) if role or reviewed else Person.objects.all()


def _credits(reviewed: bool) -> QuerySet:
    """The credits that count, to be walked through once, which is the fast way to count everybody in them."""
    reviewed_films = Review.objects.published().order_by().values("film")
    return (Credit.objects.filter(film__in=reviewed_films) if reviewed else Credit.objects.all()).order_by()


def _all_people(reviewed: bool) -> dict[str, Sequence[int]]:
    """How many people each letter of the alphabet has: everybody, or who worked on a film reviewed here."""
    people = Person.objects.filter(pk__in=_credits(reviewed).values("person")) if reviewed else Person.objects.all()
    return _by_letter(("", *row) for row in people.order_by().values_list("letter").annotate(people=Count("pk")))


def _people_by_role(reviewed: bool) -> dict[str, Sequence[int]]:
    """The same for each role. Counting DISTINCT people within groups takes twice the time of this."""
    sql, params = _credits(reviewed).values("role", who=F("person_id")).distinct().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT credited.role, person.letter, COUNT(*) FROM ({sql}) AS credited "
            'JOIN "people_person" AS person ON person.id = credited.who GROUP BY 1, 2',
            params,
        )
        return _by_letter(cursor.fetchall())


def _by_letter(rows) -> dict[str, Sequence[int]]:
    found: dict[str, list[int]] = {}
    for role, letter, people in rows:
        found.setdefault(role, list(NOBODY))[letter] = people
    return found


@dataclass(frozen=True)
class PeopleIndex(Index):
    """Stands for an index of people: it knows how many there are of each letter and role, and counts when it is asked."""

    kept: dict[tuple, Mapping[str, Sequence[int]]] = field(default_factory=dict)

    def letters(self, role: str = "", reviewed: bool = False) -> Sequence[int]:
        """How many people each letter of the alphabet has, in its order; at most one query for each state of content."""
        count = _people_by_role if role else _all_people
        if (count, reviewed) not in self.kept:
            self.kept[count, reviewed] = count(reviewed)
        return self.kept[count, reviewed].get(role, NOBODY)

    def count(self, chosen: Chosen) -> int:
        letters = self.letters(chosen.get("role", ""), "reviewed" in chosen)
        return letters[LETTERS.index(chosen["letter"])] if "letter" in chosen else sum(letters)

    def counts(self, name: str, chosen: Chosen) -> dict[str, int]:
        counted = ((value, self.count({**chosen, name: value})) for value in VALUES[name])
        return {value: count for value, count in counted if count}


@for_each_state
def people_now() -> PeopleIndex:
    """Everybody we hold a record of."""
    return PeopleIndex()


class People(Sequence):
    """People by sort name as a sequence that fetches what is sliced from it: what a Paginator pages.

    `counts` are those of PeopleIndex.letters(); a letter keeps it to that letter."""

    def __init__(self, people: QuerySet, counts: Sequence[int], letter: str = ""):
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
