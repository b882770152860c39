"""Asking the index: what is found, in which order, and what may have been meant."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache as once
from itertools import chain

from django.db import connection
from django.db.models import Count, Exists, OuterRef
from django.utils import timezone
from taggit.models import Tag

from films.models import Credit
from reviews.changes import SOME_MOMENT
from reviews.models import Review
from reviews.search.analysis import MOST_TERMS, WORD, Query, correctable, folded, near, pieces, read_query, slips
from reviews.search.documents import Kind, tagged_reviews
from reviews.search.engine import Part, Tier
from reviews.search.index import engine, freshen

MOST = {Kind.REVIEW: 120, Kind.FILM: 120, Kind.PERSON: 96, Kind.AUTHOR: 96, Kind.TAG: 96}
"""How many records of a kind are listed, the newest of those that match equally well. A word that is everywhere would
otherwise have all of them weighed against each other."""
MOST_WEIGHED = 60  # of a kind, by how much we have written of them
MOST_COMPARED = 60  # of a kind, for suggestions
NAMES = (Tier.WHOLE, Tier.FIRST, Tier.WORDS, Tier.BEGINNING, Tier.NAME)
FEW = 3  # with fewer matches than this in names and text, a correction is offered beside them
MOST_CANDIDATES = 8  # for a misspelt word, the nearest
MOST_COUNTED = 20  # records of a kind with a word: of words equally near, the commoner was probably meant


@dataclass
class Found:
    """Primary keys of what was found, best first, and how good the best of each kind is. Of the kinds that are `cut`,
    there is more than is listed."""

    query: Query
    ids: dict[Kind, list[int]] = field(default_factory=dict)
    best: dict[Kind, Tier] = field(default_factory=dict)
    cut: set[Kind] = field(default_factory=set)

    @property
    def total(self) -> int:
        return sum(map(len, self.ids.values()))

    def adds_to(self, other: "Found") -> bool:
        """Whether it has anything that the other has not."""
        return any(set(ids) - set(other.ids.get(kind, ())) for kind, ids in self.ids.items())

    def count(self, kind: Kind) -> str:
        """How many there are of a kind, in words: beyond those listed nobody counts."""
        listed = len(self.ids.get(kind, ()))
        return f"more than {listed}" if kind in self.cut else str(listed)


def search(query: Query) -> Found:
    """Everything that readers may see and that has all words of the query: two questions to the database."""
    freshen()
    plan = _plan([*Kind], NAMES, MOST)
    return ask(query, plan + _plan([Kind.FILM, Kind.TAG, Kind.REVIEW], [Tier.TEXT], MOST), MOST)


def suggest(query: Query, most: int, kinds: Iterable[Kind] = Kind) -> Found:
    """Names that begin with or have these words, so many of each kind: of all, or of the kinds named."""
    freshen()
    plan = _plan(kinds, NAMES, dict.fromkeys(Kind, MOST_COMPARED))
    return ask(query, plan, dict.fromkeys(Kind, most))


def ask(query: Query, plan: list[Part], most: dict[Kind, int]) -> Found:
    """What a plan finds, tier by tier, so many of each kind at most. Of names that match equally well, those come first
    that we have written of most."""
    hits: dict[int, dict[int, tuple[int, float]]] = defaultdict(dict)
    for kind, pk, tier, score in engine().find(query, plan) if query else ():
        hit = (tier, score)
        hits[kind][pk] = min(hit, hits[kind].get(pk, hit))
    found = Found(query)
    for number, matched in hits.items():
        kind = Kind(number)
        names = [pk for pk in sorted(matched, key=matched.__getitem__) if matched[pk][0] < Tier.TEXT]
        written = _written(kind, names[:MOST_WEIGHED])
        ids = sorted(matched, key=lambda pk: (matched[pk][0], -written.get(pk, 0), matched[pk][1], -pk))
        found.ids[kind], found.best[kind] = ids[: most[kind]], Tier(matched[ids[0]][0])
        if len(ids) > most[kind]:
            found.cut.add(kind)
    return found


def _written(kind: Kind, ids: list[int]) -> dict[int, int]:
    """How many reviews there are of these films, or reviewed films of these people. Asked for the reviews of people,
    SQLite walks through all reviews."""
    reviews = Review.objects.published().order_by()
    if kind is Kind.FILM:
        return dict(reviews.filter(film__in=ids).values_list("film").annotate(Count("pk")))
    if kind is Kind.PERSON:
        credits = Credit.objects.order_by().filter(Exists(reviews.filter(film=OuterRef("film"))), person__in=ids)
        return dict(credits.values_list("person").annotate(Count("film", distinct=True)))
    return {}


def _plan(kinds: Iterable[Kind], tiers: Iterable[Tier], most: dict[Kind, int]) -> list[Part]:
    """A part for each kind and tier, with one match more than is listed, to know whether there are more."""
    return [Part(kind, tier, most[kind] + 1, visible(kind)) for kind in kinds for tier in tiers]


def visible(kind: Kind) -> tuple[str, tuple] | None:
    """The condition under which readers may see a record; None where they may see all."""
    if kind not in (Kind.REVIEW, Kind.TAG):
        return None
    sql, params = _condition(kind, connection.vendor)
    moment = connection.ops.adapt_datetimefield_value(timezone.now())
    some_moment = connection.ops.adapt_datetimefield_value(SOME_MOMENT)
    return sql, tuple(moment if param == some_moment else param for param in params)


@once
def _condition(kind: Kind, vendor: str) -> tuple[str, tuple]:
    """As visible(), for some moment: SQL written out once, which takes Django longer than the database to answer."""
    records = Review.objects.published(SOME_MOMENT) if kind is Kind.REVIEW else tags_in_use(SOME_MOMENT)
    table = records.model._meta.db_table
    sql, params = records.order_by().extra(where=[f'"{table}"."id" = {{id}}']).values("pk").query.sql_with_params()
    return f"EXISTS ({sql})", params


def tags_in_use(now=None):
    """Tags of at least one review that readers see; others have no page."""
    seen = Review.objects.published(now).order_by().filter(pk=OuterRef("object_id"))
    return Tag.objects.filter(Exists(tagged_reviews().filter(Exists(seen), tag=OuterRef("pk"))))


def correction(found: Found) -> Found | None:
    """What a query with corrected spelling finds, where few answers or none raise doubts: only if it adds to them."""
    meant = corrected(found.query) if found.total < FEW else None
    better = search(meant) if meant else None
    return better if better and better.adds_to(found) else None


JUDGED = (Kind.REVIEW, Kind.AUTHOR, Kind.PERSON, Kind.FILM)


def corrected(query: Query) -> Query | None:
    """The query with its misspelt words as they were probably meant; None if nothing seems misspelt.

    A word counts as right if something that readers may see has it, and only such words are offered: two questions to
    the database."""
    words = list(dict.fromkeys(word for word in folded(query.text) if correctable(word)))[:MOST_TERMS]
    keys = {word: slips(word) for word in words}
    known = engine().words_like(set().union(*keys.values()))
    like = {word: near(word, {other for key in keys[word] for other in known.get(key, ())} - {word}) for word in words}
    doubted = {word: list(others)[:MOST_CANDIDATES] for word, others in like.items() if others}
    asked = list(dict.fromkeys([*doubted, *chain(*doubted.values())]))
    number = engine().how_many(asked, {kind: visible(kind) for kind in JUDGED}, MOST_COUNTED)
    meant = {}
    for word, others in doubted.items():
        seen = [other for other in others if number[other]]
        if seen and not number[word]:
            meant[word] = min(seen, key=lambda other: (like[word][other], -number[other], other))
    return read_query(_rewritten(query.text, meant)) if meant else None


def _rewritten(text: str, meant: dict[str, str]) -> str:
    """The text as it was typed, but for the words that were misspelt."""

    def right(match) -> str:
        found = pieces(match[0])
        return " ".join(meant.get(piece, piece) for piece in found) if meant.keys() & set(found) else match[0]

    return WORD.sub(right, text)
