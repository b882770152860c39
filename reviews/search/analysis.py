"""What a word is to the search: the same for what is indexed and for what is asked, on either database.

Words lose accents and case. Text is indexed by English stems, without the commonest words; names and original
titles, which may be in any language, by their words as they are. Scripts without spaces between words are
cut into overlapping pairs of characters, so any part of a run of them can be found.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby, pairwise

from django.conf import settings

from reviews.search.stemming import stem

MOST_CHARACTERS = 200  # of a query; what follows is left out
MOST_TERMS = 10
JOINER = "·"  # no letter, so no token that is a word has it
_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0dff\u0e00-\u109f\u1780-\u17ff"
    "\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
)  # signs that belong to a word but are no letters to Python's \w
WORD = re.compile(rf"(?:[^\W_]+|[{_MARKS}]+)+(?:['’ʼ]s(?![^\W_]))?")
_PIECE = re.compile(rf"(?:[^\W_]+|[{_MARKS}]+)+")
_ACCENT = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u06d6-\u06ed]")
_FRACTION = re.compile("[¼-¾⅐-⅞]")
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]").match
_LATIN = str.maketrans(
    {
        "ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
        "ŋ": "ng", "ə": "e", "'": "", "’": "", "ʼ": "",
    }
)  # fmt: skip
STOP_WORDS = frozenset(
    """
    a about after all an and any are as at be because been before but by can could did do does for from had has
    have he her here him his how i if in into is it its just like may me more most my no not of off on one only or
    other our out over s she should so some such t than that the their them then there these they this those to
    too up us was we were what when where which while who whom whose why will with would you your
    """.split()  # noqa: SIM905
)
_ARTICLES = frozenset(
    ["the", "a", "an", "le", "la", "les", "l", "un", "une", "der", "die", "das", "el", "los", "las", "il", "lo", "gli"]
)


def storable(text: str) -> str:
    """The text without what no database can be asked for: NUL and half characters."""
    return text.replace("\x00", " ").encode(errors="ignore").decode()


@lru_cache(maxsize=100_000)
def pieces(word: str) -> tuple[str, ...]:
    """A match of WORD folded: small letters without accents, usually one piece ("8½" is three)."""
    if word.isascii():
        return (word.lower().replace("'", ""),)
    text = _FRACTION.sub(lambda match: f" {match[0]}", word).casefold().translate(_LATIN)
    text = _ACCENT.sub("", unicodedata.normalize("NFKD", text))
    text = unicodedata.normalize("NFC", text.casefold().translate(_LATIN))
    return tuple(run for piece in _PIECE.findall(text) for run in _RUN.findall(piece))


def folded(text: str) -> list[str]:
    """The pieces of all words of a text, in order."""
    return [piece for word in WORD.findall(text) for piece in pieces(word)]


def key_of(name: str) -> str:
    """A name by which it is recognised when typed whole: its letters alone, the leading article left out."""
    words = folded(name)
    return _joined(words[1:] if len(words) > 1 and words[0] in _ARTICLES else words)


def keys_of(name: str) -> set[str]:
    """Keys under which a name is kept: that of key_of(), and one with the article, for "lavventura"."""
    return {key_of(name), _joined(folded(name))} - {""}


def _joined(words: list[str]) -> str:
    return "".join(words)[:200]


def is_unspaced(piece: str) -> bool:
    """Whether it is written in a script without spaces between words."""
    return _IS_UNSPACED(piece) is not None


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)]


def name_tokens(text: str) -> list[str]:
    """What the index holds of a name or an original title."""
    tokens = []
    for piece in folded(text):
        tokens += [*_pairs(piece), piece[-1]] if is_unspaced(piece) else [piece[:100]]
    return tokens


def text_tokens(tokens: list[str]) -> list[str]:
    """What the index holds of a text in the publication's own language, given its name_tokens(): stems, then the
    commonest words by pairs."""
    return [stemmed(token) for token in tokens if token not in STOP_WORDS] + _common_pairs(tokens)


def _common_pairs(tokens: Iterable[str]) -> list[str]:
    """The commonest words where they stand side by side, in overlapping pairs: so that "to be or not to be" is found,
    and no word is kept that every text has."""
    pairs = []
    for is_common, group in groupby(tokens, STOP_WORDS.__contains__):
        if is_common and (found := [f"{left}{JOINER}{right}" for left, right in pairwise(group)]):
            pairs += [JOINER, *found] if pairs else found
    return pairs


@lru_cache(maxsize=1)
def _is_english() -> bool:
    return settings.LANGUAGE_CODE.split("-")[0] == "en"


def stemmed(token: str) -> str:
    """A token as the index holds it of a text."""
    return stem(token) if _is_english() else token


@dataclass(frozen=True)
class Term:
    """Something that must be found: tokens side by side. `stems` are the same for text, and empty if the term
    is a single stop word; of a term still being typed, longer words count too."""

    tokens: tuple[str, ...]
    stems: tuple[str, ...]
    is_prefix: bool = False

    @property
    def begins_words_of_text(self) -> bool:
        """Whether longer words of text count; of names they do from the first letter on."""
        return self.is_prefix and len(self.tokens[0]) > 3

    @property
    def is_same_everywhere(self) -> bool:
        """Whether the same is looked for in names and text, which is then looked for once."""
        return self.tokens == self.stems and self.is_prefix == self.begins_words_of_text

    @property
    def is_common(self) -> bool:
        """Whether it is made of stop words alone."""
        return STOP_WORDS.issuperset(self.tokens)


@dataclass(frozen=True)
class Query:
    """What somebody asks for. `text` may be printed, escaped; `key` is its key_of()."""

    text: str
    key: str
    terms: tuple[Term, ...]

    def __bool__(self) -> bool:
        return bool(self.terms)

    @cached_property
    def text_terms(self) -> tuple[Term, ...]:
        """The terms to be found in text: those with a word that not every text has, or else all as one phrase."""
        phrase = _phrase(name_tokens_asked(self.text))
        return tuple(term for term in self.terms if term.stems) or ((phrase,) if phrase.stems else ())

    @property
    def is_common(self) -> bool:
        """Whether it is made of words that every text has."""
        return all(term.is_common for term in self.terms)

    @cached_property
    def words(self) -> list[str]:
        """The tokens and stems by whose number a match is judged."""
        return sorted({token for term in (*self.terms, *self.text_terms) for token in (*term.tokens, *term.stems)})


def read_query(text: str) -> Query:
    """Anything that anybody can type, as a query; false if it has no word in it.

    Words between quotation marks are one term. Nothing else has a meaning: there are no operators."""
    text = storable(text[: MOST_CHARACTERS * 4]).strip()[:MOST_CHARACTERS]
    plain = re.sub("[“”„«»]", '"', text)
    terms: list[Term] = []
    parts = plain.split('"')
    for number, part in enumerate(parts):
        if number % 2 and number < len(parts) - 1:
            terms += [_phrase(name_tokens_asked(part))] if folded(part) else []
        else:
            terms += [_term(piece) for piece in folded(part)]
    terms = list(dict.fromkeys(terms))[:MOST_TERMS]
    if terms and len(terms[-1].tokens) == 1 and not plain.endswith('"') and len(terms[-1].tokens[0]) > 1:
        terms[-1] = Term(terms[-1].tokens, terms[-1].stems, is_prefix=True)
    return Query(text, key_of(plain), tuple(terms))


def name_tokens_asked(text: str) -> list[str]:
    """As name_tokens(), for a query: a run of characters without its last one alone, which is not beside the next."""
    tokens = []
    for piece in folded(text):
        tokens += (_pairs(piece) or [piece]) if is_unspaced(piece) else [piece[:100]]
    return tokens


def _phrase(tokens: Iterable[str]) -> Term:
    tokens = tuple(tokens)
    stems = [stemmed(token) for token in tokens if token not in STOP_WORDS]
    return Term(tokens, tuple(stems or _common_pairs(tokens)))


def _term(piece: str) -> Term:
    if is_unspaced(piece) and len(piece) == 1:
        return Term((piece,), (piece,), is_prefix=True)
    return _phrase(name_tokens_asked(piece))


# --- Spelling -------------------------------------------------------------------------------------

SHORTEST_CORRECTED = 4
SHORTEST_OF_TEXT = 5  # of words that are known from texts alone: among the short ones everything is like something
_SOUNDS = ((re.compile("ph|[fw]"), "v"), (re.compile("ck|[cq]"), "k"), (re.compile("x"), "ks"), (re.compile("z"), "s"))
_REPEATED = re.compile(r"(.)\1+")


@lru_cache(maxsize=20_000)
def skeleton(word: str) -> str:
    """A word as it is heard more than as it is spelt: "tarkofsky" is "tarkovski" is "tarkowskij", nearly."""
    for sound, letter in _SOUNDS:
        word = sound.sub(letter, word)
    word = word[:1] + word[1:].replace("h", "")
    return _REPEATED.sub(r"\1", word.replace("y", "i").replace("j", "i"))[:9]


def slips(word: str) -> set[str]:
    """Keys that a word shares with its misspellings: its skeleton, whole and with any one letter left out."""
    bone = skeleton(word)
    return {bone} | {bone[:place] + bone[place + 1 :] for place in range(len(bone)) if len(bone) >= SHORTEST_CORRECTED}


def correctable(word: str) -> bool:
    """Whether it is a word whose spelling we judge: long enough, and written in an alphabet."""
    return SHORTEST_CORRECTED <= len(word) <= 30 and word.isalpha() and not is_unspaced(word)


def distance(left: str, right: str) -> int:
    """How many slips of the pen lie between two words: a letter missing, added, wrong, or two exchanged."""
    before, row = [], list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        last, row_before, row = before, row, [i] + [0] * len(right)
        for j, b in enumerate(right, 1):
            row[j] = min(row_before[j] + 1, row[j - 1] + 1, row_before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                row[j] = min(row[j], last[j - 2] + 1)
        before = row_before
    return row[-1]


def near(word: str, candidates: Iterable[str]) -> dict[str, tuple[int, bool]]:
    """The candidates that may have been meant, nearest first, and how far each is: slips, a wrong first letter."""
    most = 1 if len(word) < 6 else 2 if len(word) < 9 else 3
    likely = (other for other in candidates if abs(len(other) - len(word)) <= most)
    judged = sorted((distance(word, other), other[0] != word[0], other) for other in likely)
    return {other: (slips, is_other_letter) for slips, is_other_letter, other in judged if slips <= most}
