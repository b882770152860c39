"""An archive in memory: which of its records have which property, as bits of whole numbers.

Each record has a place, counted from 0 in the order in which the archive is read. A set of records is one number
whose bit n is the record at place n. So a combination of filters is an AND, and how many records it holds is a count
of bits: some microseconds for 20,000 records, where a GROUP BY for every filter of a page would take the database
longer with every review. Records themselves are fetched from the database, one page at a time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations, islice
from operator import and_, or_

type Places = int
"""A set of places: the bits of a number."""
type Chosen = Mapping[str, str]
"""The value chosen of each facet that one is chosen of."""

PERIOD = ("decade", "year")
"""Two facets of one property, of which one value can be chosen: each ignores the other."""


@dataclass(frozen=True)
class Index:
    """The records of an archive. `facets` has the places of every value of every facet, `names` how values that are
    no words themselves (slugs) are printed, `former` what values of before are now, `orders` the places in each order
    other than that of reading."""

    pks: Sequence[int] = ()
    facets: dict[str, dict[str, Places]] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    former: dict[str, dict[str, str]] = field(default_factory=dict)
    orders: dict[str, Sequence[int]] = field(default_factory=dict)

    @property
    def everything(self) -> Places:
        return (1 << len(self.pks)) - 1

    def matching(self, chosen: Chosen) -> Places:
        """The records that have all that is chosen."""
        found = (self.facets[name].get(value, 0) for name, value in chosen.items())
        return reduce(and_, found, self.everything)

    def count(self, chosen: Chosen) -> int:
        """How many records have all that is chosen."""
        return self.matching(chosen).bit_count()

    def counts(self, name: str, chosen: Chosen) -> dict[str, int]:
        """For every value of a facet how many records would be found if it were chosen instead of what is chosen
        of this facet now; values without any are left out."""
        others = self.matching({other: value for other, value in chosen.items() if not same_property(other, name)})
        counted = ((value, (others & holders).bit_count()) for value, holders in self.facets[name].items())
        return {value: count for value, count in counted if count}

    def ordered(self, found: Places, order: str = "", start: int = 0, stop: int | None = None) -> list[int]:
        """The primary keys of a set of records in an order, from the one at `start` to before `stop`."""
        every = self.orders.get(order) or range(len(self.pks))
        if found == self.everything:
            return [self.pks[place] for place in every[start:stop]]
        is_in = f"{found:0{len(self.pks)}b}"[::-1]
        return [self.pks[place] for place in islice((place for place in every if is_in[place] == "1"), start, stop)]

    def nearest(self, chosen: Chosen) -> list[tuple[dict[str, str], int]]:
        """The combinations that leave out as few of the chosen values as may be and hold something, fullest first,
        each with its count; a year gives way to its decade as well as to no period at all. Empty only if there is no
        record at all."""
        wider = [("decade", decade_of(value)) if name == "year" else (name, value) for name, value in chosen.items()]
        for kept in range(len(chosen) - 1, -1, -1):
            tried = [dict(pairs) for pairs in combinations(chosen.items(), kept)]
            if "year" in chosen:
                tried += [dict(pairs) for pairs in combinations(wider, kept + 1) if "decade" in dict(pairs)]
            counted = [(smaller, self.count(smaller)) for smaller in tried]
            if filled := [pair for pair in counted if pair[1]]:
                return sorted(filled, key=lambda pair: -pair[1])
        return []


def same_property(name: str, other: str) -> bool:
    """Whether two facets speak of the same property, so that one value takes the place of the other's."""
    return name == other or (name in PERIOD and other in PERIOD)


def gathered(pairs: Iterable[tuple[object, int]], length: int) -> dict[object, Places]:
    """A facet from (value, place) pairs in any order, of an archive of `length` records."""
    found: dict[object, bytearray] = {}
    for value, place in pairs:
        bits = found.get(value)
        if bits is None:
            bits = found[value] = bytearray(length // 8 + 1)
        bits[place >> 3] |= 1 << (place & 7)
    return {value: int.from_bytes(bits, "little") for value, bits in found.items()}


def with_decades(years: dict[int, Places]) -> dict[str, dict[str, Places]]:
    """The facets of a period from the places of each year."""
    decades: dict[str, Places] = {}
    for year, holders in sorted(years.items()):
        decade = decade_of(year)
        decades[decade] = or_(decades.get(decade, 0), holders)
    return {"decade": decades, "year": {str(year): holders for year, holders in sorted(years.items())}}


def decade_of(year: int | str) -> str:
    """The decade of a year as addresses and pages name it: "1970s"."""
    return f"{str(year)[:3]}0s"


class Results(Sequence):
    """The records of a set as a sequence that fetches what is sliced from it: what a Paginator pages."""

    def __init__(self, index: Index, found: Places, fetch: Callable[[list[int]], list], order: str = ""):
        self.index, self.found, self.fetch, self.order = index, found, fetch, order

    def __len__(self):
        return self.found.bit_count()

    def __getitem__(self, part):
        if isinstance(part, slice):
            return self.fetch(self.index.ordered(self.found, self.order, part.start or 0, part.stop))
        return self.fetch(self.index.ordered(self.found, self.order, part, part + 1))[0]
