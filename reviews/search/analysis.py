"""What a word is to the search: the same for what is indexed and for what is asked, on either database.

Words lose accents and case. English text is indexed by stems, the commonest words apart: they are only looked for side
by side with others. Text of other languages, and names and titles of any, are indexed by their words as they are. Scripts without spaces between words are
cut into overlapping pairs of characters, so any part of a run of them can be found.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, groupby, pairwise

from django.conf import settings

from reviews.search.stemming import stem

MOST_CHARACTERS = 200  # of a query; what follows is left out
MOST_TERMS = 10
MOST_WORDS = 12_000  # of a text; what follows is not found
MOST_TOKENS = (1_000, 1_500, 13_500)  # of names, people and text: PostgreSQL counts places up to 16,383
MOST_TIMES = 255  # that PostgreSQL keeps the place of a token
LONGEST_KEY = 200
JOINER = "·"  # no letter, so no token that is a word has it
FOREIGN = JOINER * 2  # stands before a text of another language
_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0dff\u0e00-\u109f\u1780-\u17ff"
    "\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
)  # signs that belong to a word but are no letters to Python's \w
WORD = re.compile(rf"(?:[^\W_]+|[{_MARKS}]+)+(?:['’ʼ]s(?![^\W_]))?")
_PIECE = re.compile(rf"(?:[^\W_]+|[{_MARKS}]+)+")
_ACCENT = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u06d6-\u06ed]")
_PARTED = re.compile(rf"(?:[^\W_]|[{_MARKS}])+(?:['’ʼ·‐‑-](?:[^\W_]|[{_MARKS}])+)+")
_QUOTES = re.compile("[“”„«»]")
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


def key_of(words: Iterable[str]) -> str:
    """What a name begins with: its words with a space between, so that a whole word is told from a mere beginning."""
    return " ".join(words)[:LONGEST_KEY]


def whole_key_of(words: Iterable[str]) -> str:
    """By which a name is recognised when typed whole: its letters alone. It begins like no other key."""
    return JOINER + "".join(words)[:LONGEST_KEY]


def key_of_signs(name: str) -> str:
    """That of a name without a letter or figure: "$"."""
    return JOINER + _QUOTES.sub('"', "".join(name.split()))[:LONGEST_KEY] if name.strip() else ""


def keys_of(name: str) -> set[str]:
    """Keys under which a name is kept: with and without its article, as written and with parted words closed up."""
    written, closed = folded(name), folded(_PARTED.sub(_closed, name))
    if not written:
        return {key_of_signs(name)} - {""}
    ways = [way for words in (written, closed) for way in (words, without_article(words))]
    return {key for way in ways for key in (key_of(way), whole_key_of(way))}


def without_article(words: list[str]) -> list[str]:
    """The words of a name but for its leading article."""
    return words[1:] if len(words) > 1 and words[0] in _ARTICLES else words


def closed_up(text: str) -> list[str]:
    """The words that an apostrophe or a hyphen parts, as they are typed without: d’Arc, "darc"."""
    return [word for match in _PARTED.finditer(text) if len(folded(match[0])) > 1 and (word := _closed(match))]


def _closed(match: re.Match) -> str:
    return "".join(folded(match[0]))


def is_unspaced(piece: str) -> bool:
    """Whether it is written in a script without spaces between words."""
    return _IS_UNSPACED(piece) is not None


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)]


def tokens_of_names(names: Iterable[str]) -> list[str]:
    """What the index holds of names, parted from each other: no phrase reaches from one to the next."""
    parts = [part for name in names for part in (name_tokens(name), *([word] for word in closed_up(name)))]
    return [*chain(*map(parted, parts))]


def parted(tokens: list[str]) -> list[str]:
    """The tokens and what keeps a phrase from reaching beyond them."""
    return [*tokens, JOINER]


def name_tokens(text: str) -> list[str]:
    """What the index holds of one name or original title."""
    tokens = []
    for piece in folded(text):
        tokens += [*_pairs(piece), piece[-1]] if is_unspaced(piece) else [piece[:100]]
    return tokens


def text_tokens(tokens: list[str], closed: list[str], language: str = "") -> list[str]:
    """What the index holds of a text in a language (or else the publication's own), given its name_tokens() and its
    closed_up() words: of English stems, and the commonest words by pairs too."""
    tokens = tokens[:MOST_WORDS]
    is_english = (language or settings.LANGUAGE_CODE).split("-")[0] == "en"
    written = _in_english if is_english else in_other_languages
    others = [token for word in closed for token in (JOINER, written(word))]
    found = [written(token) for token in tokens]
    return [*found, *_common_pairs(tokens), *others] if is_english else [FOREIGN, *found, *others]


def _in_english(token: str) -> str:
    """A token as English text has it. The commonest words differ from every stem: "doing" must not find each "do"."""
    return f"{token}{JOINER}" if token in STOP_WORDS else stem(token)


def in_other_languages(token: str) -> str:
    """A token as other text has it: as it is, and unlike every stem, for "pains" must not find French "pain"."""
    return f"{JOINER}{token}"


def holdable(names: list[str], people: list[str], text: list[str]) -> tuple[list[str], ...]:
    """What of a document's tokens the index holds: so many that PostgreSQL knows the place of each."""
    columns = tuple(tokens[:most] for tokens, most in zip((names, people, text), MOST_TOKENS, strict=True))
    times = Counter(chain(*columns))
    if max(times.values(), default=0) <= MOST_TIMES:
        return columns
    times.clear()
    return tuple([_counted(token, times) for token in column] for column in columns)


def _counted(token: str, times: Counter) -> str:
    """The token, or where it has been there too often a mere place."""
    times[token] += 1
    return token if times[token] <= MOST_TIMES else JOINER


def _common_pairs(tokens: Iterable[str]) -> list[str]:
    """The commonest words where they stand side by side, in overlapping pairs: "to be or not to be" is found without
    comparing the places of words that every text has many of."""
    pairs = []
    for is_common, group in groupby(tokens, STOP_WORDS.__contains__):
        if is_common and (found := [f"{left}{JOINER}{right}" for left, right in pairwise(group)]):
            pairs += [JOINER, *found] if pairs else found
    return pairs


@dataclass(frozen=True)
class Term:
    """Something that must be found: tokens side by side. `stems` are the same for English text, and empty if the term
    is a single stop word; of a term still being typed, longer words count too."""

    tokens: tuple[str, ...]
    stems: tuple[str, ...]
    is_prefix: bool = False

    @property
    def foreign(self) -> tuple[str, ...]:
        """The tokens as text of other languages has them."""
        return tuple(map(in_other_languages, self.tokens))

    @property
    def begins_words_of_text(self) -> bool:
        """Whether longer words of text count; of names they do from the first letter on."""
        return self.is_prefix and len(self.tokens[0]) > 3

    @property
    def is_same_everywhere(self) -> bool:
        """Whether the same is looked for in names and English text, which is then looked for once."""
        return self.tokens == self.stems and self.is_prefix == self.begins_words_of_text

    @property
    def is_common(self) -> bool:
        """Whether it is made of stop words alone."""
        return STOP_WORDS.issuperset(self.tokens)


@dataclass(frozen=True)
class Query:
    """What somebody asks for. `text` may be printed, escaped; `name` is all its words in order, which may be a name.
    `has_phrase` if words are between quotation marks, `is_closed` if the last ones are."""

    text: str
    name: tuple[str, ...]
    terms: tuple[Term, ...]
    has_phrase: bool = False
    is_closed: bool = False

    def __bool__(self) -> bool:
        return bool(self.terms) or self.is_signs

    @property
    def is_signs(self) -> bool:
        """Whether it has no letter or figure; then it is only looked for as a whole name."""
        return bool(self.text) and not self.terms

    @cached_property
    def names(self) -> list[list[str]]:
        """Its words as names begin with them: as typed, then without the article. What is quoted, as it is quoted."""
        typed = list(self.name)
        bare = without_article(typed)
        return [typed] if self.has_phrase or bare == typed else [typed, bare]

    def whole_key(self, name: list[str]) -> str:
        """The key of one of its names, if it is typed whole."""
        if self.is_signs:
            return key_of_signs(self.text)
        return key_of(name) if self.has_phrase else whole_key_of(name)

    @cached_property
    def whole_terms(self) -> tuple[Term, ...]:
        """The terms, the last as a whole word."""
        return tuple(Term(term.tokens, term.stems) for term in self.terms)

    @property
    def is_unfinished(self) -> bool:
        """Whether the last term may be the beginning of a longer word."""
        return self.whole_terms != self.terms

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
        """The tokens and stems by whose number a match is judged: not the commonest words, if there are others."""
        terms = (*self.terms, *self.text_terms)
        words = {token for term in terms for token in (*term.tokens, *term.stems, *term.foreign)}
        return sorted(words if self.is_common else words - STOP_WORDS - set(map(_in_english, STOP_WORDS)))


def read_query(text: str) -> Query:
    """Anything that anybody can type, as a query; false if there is nothing to be seen in it.

    Words between quotation marks are one term. Nothing else has a meaning: there are no operators."""
    text = storable(text[: MOST_CHARACTERS * 4]).strip()[:MOST_CHARACTERS]
    plain = _QUOTES.sub('"', text)
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
    phrases = [part for part in parts[1:-1:2] if folded(part)]
    return Query(text, tuple(folded(plain)), tuple(terms), bool(phrases), plain.endswith('"') and len(parts) > 2)


def name_tokens_asked(text: str) -> list[str]:
    """As name_tokens(), for a query: a run of characters without its last one alone, which is not beside the next."""
    tokens = []
    for piece in folded(text):
        tokens += (_pairs(piece) or [piece]) if is_unspaced(piece) else [piece[:100]]
    return tokens


def _phrase(tokens: Iterable[str]) -> Term:
    tokens = tuple(tokens)
    is_common = STOP_WORDS.issuperset(tokens)
    return Term(tokens, tuple(_common_pairs(tokens) if is_common else map(_in_english, tokens)))


def _term(piece: str) -> Term:
    if is_unspaced(piece) and len(piece) == 1:
        return Term((piece,), (piece,), is_prefix=True)
    return _phrase(name_tokens_asked(piece))


# --- Spelling -------------------------------------------------------------------------------------

SHORTEST_CORRECTED = 4
SHORTEST_OF_TEXT = 5  # of words that are known from texts alone
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
    """Whether it is a word whose spelling we judge: long enough, written in an alphabet, and not in every text."""
    is_long = SHORTEST_CORRECTED <= len(word) <= 30
    return is_long and word.isalpha() and not is_unspaced(word) and word not in STOP_WORDS


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


def near(word: str, candidates: Iterable[str]) -> dict[str, int]:
    """The candidates that may have been meant, nearest first, and how far each is. A wrong first letter, which hardly
    anybody types, is two slips; a short word has to sound the same, for everything is like it."""
    most = 1 if len(word) < 6 else 2 if len(word) < 9 else 3
    likely = {other for other in candidates if abs(len(other) - len(word)) <= most}
    if len(word) < SHORTEST_OF_TEXT:
        likely = {other for other in likely if skeleton(other) == skeleton(word)}
    judged = sorted((distance(word, other) + (other[0] != word[0]), other) for other in likely)
    return {other: slips for slips, other in judged if slips <= most}
