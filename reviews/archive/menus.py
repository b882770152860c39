"""What a page of an archive offers: filters with counts, the way to take each back, and ways out of an empty one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import ceil

from django.urls import reverse

from config.alphabet import LETTERS, sort_key_from
from films.models.roles import ROLE_ORDER
from reviews.archive.address import FACETS, Facet, Question, decade_chosen, printed
from reviews.archive.index import Index, decade_of

MOST_OFFERED = 40  # values of one filter; a page of its own lists all
TALLEST_BAR = 10  # cells of the histogram's longest bar

_sort_key = lru_cache(maxsize=4096)(sort_key_from)


@dataclass(frozen=True)
class Choice:
    """One value of a filter: how many records it would leave, whether it is chosen, and where it leads."""

    value: str
    label: str
    count: int
    is_chosen: bool = False
    address: str = ""
    level: int = 0


@dataclass(frozen=True)
class Menu:
    """One filter of the form. If it has more values than it offers, `more` is where all `total` of them are."""

    name: str
    facet: Facet
    choices: list[Choice]
    total: int
    more: str = ""


@dataclass(frozen=True)
class Archive:
    """One archive as a page shows it: its index, what is asked of it, its address, the filters of its form, and the
    names of the pages that show what has one value of a filter."""

    index: Index
    question: Question
    path: str
    filters: tuple[str, ...] = ()
    own_pages: Mapping[str, str] = field(default_factory=dict)

    def address(self, question: Question) -> str:
        """The address at which a question is answered."""
        return f"{self.path}?{question.query}" if question.query else self.path

    @property
    def canonical(self) -> str:
        """The address to be known by: a theme's or writer's reviews have a page of their own."""
        question = self.question
        own = self.own_pages.get(next(iter(question.chosen), "")) if len(question.chosen) == 1 else None
        if own is None or question.order or question.choose:
            return self.address(question)
        number = f"?page={question.page}" if question.page > 1 else ""
        return reverse(own, args=question.chosen.values()) + number

    @cached_property
    def menus(self) -> list[Menu]:
        """The filters of the form that have anything to choose. Years are offered within a decade."""
        asked = (name for name in self.filters if name != "year" or self.decade)
        return [menu for menu in map(self.menu, asked) if menu.choices]

    @property
    def unlisted(self) -> list[tuple[str, str]]:
        """What is chosen in another way than by the form, which has to keep it."""
        listed = {menu.name for menu in self.menus}
        return [(name, value) for name, value in self.question.chosen.items() if name not in listed]

    @property
    def longer(self) -> list[Menu]:
        """The filters of which the form offers a part only."""
        return [menu for menu in self.menus if menu.more]

    def menu(self, name: str) -> Menu:
        """One filter with its most frequent values; the one that is chosen is always among them."""
        counts, chosen = self._counts(name), self._chosen(name)
        if name == "year":
            decade = self.decade
            counts = {year: count for year, count in counts.items() if decade_of(year) == decade}
        most = sorted(counts, key=counts.get, reverse=True)[:MOST_OFFERED]
        offered = dict.fromkeys((*most, chosen) if chosen else most)
        choices = [Choice(value, self._label(name, value), counts.get(value, 0), value == chosen) for value in offered]
        more = self.address(self.question.listing(name)) if len(counts) > len(choices) else ""
        return Menu(name, FACETS[name], _sorted(name, choices), len(counts), more)

    def links(self, name: str, values: Iterable[str] | None = None) -> list[Choice]:
        """All values of a filter (or those given, in their order, with 0 for those that hold nothing) as links."""
        counts, chosen = self._counts(name), self.question.chosen.get(name, "")
        most = max(counts.values(), default=1)
        choices = [
            Choice(
                value,
                self._label(name, value),
                count := counts.get(value, 0),
                value == chosen,
                self.address(self.question.with_value(name, value)),
                level_of(count, most),
            )
            for value in (counts if values is None else values)
        ]
        return _sorted(name, choices) if values is None else choices

    @property
    def decade(self) -> str:
        """The decade that is chosen, by itself or by one of its years."""
        return decade_chosen(self.question.chosen)

    @property
    def whole(self) -> str:
        """Where the records are whose values are listed."""
        return self.address(Question(self.question.chosen, self.question.order))

    @property
    def all_letters(self) -> str:
        """The same, whatever the letter."""
        return self.address(self.question.without("letter"))

    def letters(self) -> list[Choice]:
        """The alphabet; letters that nothing is filed under have a count of 0."""
        counts = self._counts("letter")
        return self.links("letter", [letter for letter in LETTERS if letter in counts or len(letter) == 1])

    def bars(self) -> list[Choice]:
        """The histogram: decades, or the years of the one that is chosen."""
        decade = self.decade
        if not decade:
            return self.links("decade")
        return [choice for choice in self.links("year") if decade_of(choice.value) == decade]

    def chips(self) -> list[Choice]:
        """What is chosen, each leading to where it is not."""
        return [
            Choice(
                value,
                f"{FACETS[name].label}: {self._label(name, value)}",
                0,
                True,
                self.address(self.question.without(name)),
            )
            for name, value in self.question.chosen.items()
        ]

    def ways_out(self) -> list[Choice]:
        """Of a combination that holds nothing: the nearest ones that do, fullest first."""
        return [
            Choice("", self._all_labels(chosen), count, address=self.address(Question(chosen, self.question.order)))
            for chosen, count in self.index.nearest(self.question.chosen)
        ]

    def _counts(self, name: str) -> dict[str, int]:
        return self.index.counts(name, self.question.chosen)

    def _chosen(self, name: str) -> str:
        return self.decade if name == "decade" else self.question.chosen.get(name, "")

    def _label(self, name: str, value: str) -> str:
        return printed(self.index, name, value)

    def _all_labels(self, chosen: dict[str, str]) -> str:
        return ", ".join(self._label(name, value) for name, value in chosen.items())


def level_of(count: int, most: int) -> int:
    """How tall a bar of the histogram is, in cells."""
    return ceil(TALLEST_BAR * count / most)


def _sorted(name: str, choices: list[Choice]) -> list[Choice]:
    if name == "rating":
        return sorted(choices, key=lambda choice: -float(choice.value))
    if name == "role":
        return sorted(choices, key=lambda choice: ROLE_ORDER[choice.value])
    return sorted(choices, key=lambda choice: _sort_key(choice.label))
