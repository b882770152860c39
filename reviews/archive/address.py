"""What an address asks of an archive, and the one address that each question has.

Parameters come in the order of the facets, then order, choose and page; none is empty or says what goes without
saying. Whatever else arrives (a form's empty fields, capitals, strange parameters) is tidied, and the view
redirects to the tidy address. What cannot be meant is a 404."""

import re
import unicodedata
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.http import Http404, QueryDict

from config.alphabet import LETTERS, PRINTED
from config.http import page_number
from config.languages import country_choices, country_name, language_choices, language_name
from films.models import Role
from films.models.film import FIRST_FILM_YEAR
from reviews.archive.index import PERIOD, Index, decade_of, same_property

LONGEST_VALUE = 200
LAST_YEAR = 2100


def _is_year(value: str) -> bool:
    return re.fullmatch("[0-9]{4}", value) is not None and FIRST_FILM_YEAR <= int(value) <= LAST_YEAR


def _is_decade(value: str) -> bool:
    return re.fullmatch("[0-9]{3}0s", value) is not None and FIRST_FILM_YEAR - 9 <= int(value[:4]) <= LAST_YEAR


@dataclass(frozen=True)
class Facet:
    """A property to choose records by: what pages call it, what they say when nothing is chosen, which values make
    sense although no record has them, how a value is printed that the index has no name for, and how one that is
    written otherwise than usual is usually written."""

    label: str
    plural: str
    anything: str
    makes_sense: Callable[[str], bool] = lambda value: False
    printed: Callable[[str], str] = str
    usual: Callable[[str], str] = str.lower


def _usual_figure(value: str) -> str:
    """ "4.50" → "4.5", "5.0" → "5"."""
    return value.rstrip("0").removesuffix(".") if "." in value else value


FACETS = {
    "letter": Facet("Letter", "letters", "All", LETTERS.__contains__, PRINTED.get),
    "decade": Facet("Decade", "decades", "All", _is_decade),
    "year": Facet("Year", "years", "All", _is_year),
    "country": Facet(
        "Country",
        "countries",
        "Any",
        lambda value: value.islower() and value.upper() in dict(country_choices()),
        lambda value: country_name(value.upper()),
    ),
    "language": Facet("Language", "languages", "Any", lambda value: value in dict(language_choices()), language_name),
    "genre": Facet("Genre", "genres", "Any"),
    "author": Facet("Writer", "writers", "Any"),
    "tag": Facet("Theme", "themes", "Any"),
    "rating": Facet(
        "Rating",
        "ratings",
        "Any",
        lambda value: re.fullmatch(r"[1-4](\.5)?|0\.5|5", value) is not None,
        lambda value: f"{value} out of 5",
        _usual_figure,
    ),
    "role": Facet("Role", "roles", "Any", Role.values.__contains__, lambda value: Role(value).label),
    "reviewed": Facet("Reviewed here", "", "Any", "yes".__eq__, lambda value: "Reviewed here"),
}


@dataclass(frozen=True)
class Question:
    """What is asked: the value chosen of each facet, the order ("" for the usual one), the facet all of whose values
    are to be listed ("" for none), and the page ("" for the first)."""

    chosen: Mapping[str, str] = field(default_factory=dict)
    order: str = ""
    choose: str = ""
    page: int = 1

    @property
    def query(self) -> str:
        """The one query string that asks it."""
        asked = {name: self.chosen[name] for name in FACETS if name in self.chosen}
        rest = {"order": self.order, "choose": self.choose, "page": self.page if self.page > 1 else ""}
        return urlencode(asked | {name: value for name, value in rest.items() if value})

    def with_value(self, name: str, value: str) -> "Question":
        """The same with a value chosen; of one property only one can be."""
        kept = {other: chosen for other, chosen in self.chosen.items() if not same_property(other, name)}
        return Question(kept | {name: value}, self.order)

    def without(self, name: str) -> "Question":
        """The same with nothing chosen of a facet."""
        return Question({other: value for other, value in self.chosen.items() if other != name}, self.order)

    def listing(self, name: str) -> "Question":
        """The same, asking for all values of a facet."""
        return Question(self.chosen, self.order, choose=name)

    @property
    def is_for_crawlers(self) -> bool:
        """Whether search engines should keep it if it holds anything: a single filter in the usual order. Of
        combinations there are millions."""
        return len(self.chosen) < 2 and not self.order and not (self.choose and self.chosen)


def read_question(
    given: QueryDict, index: Index, facets: tuple[str, ...], orders: tuple[str, ...] = (), lists: tuple[str, ...] = ()
) -> Question:
    """The question that an address asks; only these facets and orders may be asked for, and these facets listed.

    The first of the orders goes without saying; one that the index has but is not offered counts as not asked for.
    Http404 if a value, an order, a facet to list or a page is none."""
    chosen = {}
    for name in facets:
        if value := _last(given, name):
            chosen[name] = _meant(index, name, value)
    if len(chosen.keys() & {*PERIOD}) == 2:  # a year of another decade is a leftover of the last choice
        del chosen["decade" if decade_of(chosen["year"]) == chosen["decade"] else "year"]
    order = _one_of(given, "order", orders, but=index.orders)
    return Question(
        chosen,
        "" if order in orders[:1] else order,
        _one_of(given, "choose", lists),
        page_number(_last(given, "page")),
    )


def _meant(index: Index, name: str, value: str) -> str:
    """The value that is meant: as it is written, or else as it usually is; what it has become, if it was renamed."""
    former = index.former.get(name, {})
    for written in (value, FACETS[name].usual(value)):
        if is_known(index, name, written):
            return written
        if written in former:
            return former[written]
    raise Http404(f"There is no such {FACETS[name].label.lower()}.")


def is_known(index: Index, name: str, value: str) -> bool:
    """Whether a value makes sense, with or without records that have it."""
    return (
        value in index.facets.get(name, ())
        or value in index.names.get(name, ())
        or (len(value) <= LONGEST_VALUE and FACETS[name].makes_sense(value))
    )


def printed(index: Index, name: str, value: str) -> str:
    """A value in a reader's words."""
    return index.names.get(name, {}).get(value) or FACETS[name].printed(value)


def decade_chosen(chosen: Mapping[str, str]) -> str:
    """The decade that is chosen, by itself or by one of its years; "" if none is."""
    return chosen.get("decade") or (decade_of(chosen["year"]) if "year" in chosen else "")


def _last(given: QueryDict, name: str) -> str:
    """The last value that is not empty."""
    values = (unicodedata.normalize("NFC", value.strip()) for value in reversed(given.getlist(name)))
    return next(filter(None, values), "")


def _one_of(given: QueryDict, name: str, allowed: tuple[str, ...], but: Container[str] = ()) -> str:
    """The value if it is allowed, "" if there is none or it is one of `but`; Http404 otherwise."""
    value = _last(given, name).lower()
    if not value or value in allowed:
        return value
    if value in but:
        return ""
    raise Http404(f"“{name}” cannot be that.")
