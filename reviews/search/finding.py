"""Asking the index: what is found, in which order, and what may have been meant."""

from dataclasses import dataclass, field

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef
from taggit.models import Tag, TaggedItem

from reviews.models import Review
from reviews.search.analysis import WORD, Query, correctable, folded, nearest, pieces, read_query, slips
from reviews.search.documents import Kind
from reviews.search.engine import Part, Tier
from reviews.search.index import engine, freshen

MOST_REVIEWS = 600
MOST_FILMS = 400
MOST_OTHERS = 100
FEW = 3  # with fewer matches than this in names and text, a correction is offered beside them


@dataclass
class Found:
    """Primary keys of what was found, best first, and how good the best of each kind is."""

    query: Query
    ids: dict[Kind, list[int]] = field(default_factory=dict)
    best: dict[Kind, Tier] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(map(len, self.ids.values()))


def search(query: Query) -> Found:
    """Everything that readers may see and that has all words of the query: two questions to the database."""
    freshen()
    return ask(query, _whole_plan())


def ask(query: Query, plan: list[Part]) -> Found:
    """What a plan finds: matches of whole names first, then of beginnings, of words in names, and of text."""
    best: dict[tuple[int, int], tuple[int, float]] = {}
    for kind, pk, tier, score in engine().find(query, plan) if query else ():
        rank = (tier, score)
        best[kind, pk] = min(rank, best.get((kind, pk), rank))
    found = Found(query)
    for (kind, pk), (tier, _score) in sorted(best.items(), key=lambda item: (*item[1], -item[0][1])):
        found.ids.setdefault(Kind(kind), []).append(pk)
        found.best.setdefault(Kind(kind), Tier(tier))
    return found


def _whole_plan() -> list[Part]:
    reviews, tags = Review.objects.published(), _tags_in_use()
    plan = _plan_of_names(MOST_OTHERS, {Kind.REVIEW: reviews, Kind.TAG: tags})
    plan.append(Part(Kind.FILM, Tier.TEXT, MOST_FILMS))
    plan.append(Part(Kind.TAG, Tier.TEXT, MOST_OTHERS, tags))
    plan.append(Part(Kind.REVIEW, Tier.TEXT, MOST_REVIEWS, reviews))
    return plan


def _plan_of_names(most: int, among: dict) -> list[Part]:
    tiers = (Tier.WHOLE, Tier.BEGINNING, Tier.NAME)
    return [Part(kind, tier, most, among.get(kind)) for kind in Kind for tier in tiers]


def _tags_in_use():
    """Tags of at least one review that readers see; others have no page."""
    kind = ContentType.objects.get_for_model(Review)
    visible = Review.objects.published().order_by().filter(pk=OuterRef("object_id"))
    used = TaggedItem.objects.filter(Exists(visible), tag=OuterRef("pk"), content_type=kind)
    return Tag.objects.filter(Exists(used))


def suggest(query: Query, most: int) -> Found:
    """Names that begin with or have these words: films, people, reviews and writers."""
    freshen()
    plan = _plan_of_names(most, {Kind.REVIEW: Review.objects.published()})
    return ask(query, [part for part in plan if part.kind is not Kind.TAG])


def corrected(query: Query) -> Query | None:
    """The query with its misspelt words as they were probably meant; None if nothing seems misspelt.

    A word counts as right if a name has it. One question to the database."""
    words = list(dict.fromkeys(word for word in folded(query.text) if correctable(word)))
    keys = {word: slips(word) for word in words}
    known = engine().words_like(set().union(*keys.values()))
    meant = {}
    for word in words:
        candidates = [other for other in known if keys[word] & slips(other)]
        if (other := nearest(word, candidates)) and other != word:
            meant[word] = other
    return read_query(_rewritten(query.text, meant)) if meant else None


def _rewritten(text: str, meant: dict[str, str]) -> str:
    """The text as it was typed, but for the words that were misspelt."""

    def right(match) -> str:
        found = pieces(match[0])
        return " ".join(meant.get(piece, piece) for piece in found) if meant.keys() & set(found) else match[0]

    return WORD.sub(right, text)
