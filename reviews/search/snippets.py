"""Showing a reader where the words were found."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from heapq import merge
from itertools import islice

from django.utils.html import escape
from django.utils.safestring import SafeString

from reviews.search.analysis import STOP_WORDS, WORD, Query, Term, is_unspaced, pieces
from reviews.search.stemming import stem

CHARACTERS_AROUND = 170
MOST_PLACES = 40  # of a text, where the words stand, that are compared


class Marker:
    """Marks the words of a query in texts."""

    def __init__(self, query: Query):
        terms = query.text_terms or query.terms
        phrases = [term for term in terms if term.is_common and term.stems]
        words = [term for term in terms if not is_unspaced(term.tokens[0]) and term not in phrases]
        self.tokens = {token for term in words for token in (*term.tokens, *term.stems)} - STOP_WORDS
        self.prefixes = tuple(term.tokens[0] for term in words if term.is_prefix)
        self.runs = {_joined(term) for term in terms if is_unspaced(term.tokens[0])}
        self.candidates = _beginnings(self.tokens, self.runs)
        self.phrases = [_side_by_side(term.tokens) for term in phrases]

    def marked(self, text: str) -> SafeString:
        """The text, escaped, with the words of the query in <mark>."""
        return self._with_marks(text, list(self._found(text)))

    def snippet(self, text: str) -> SafeString:
        """The passage of the text with most of the words, marked; empty if it has none."""
        found = list(islice(self._found(text), MOST_PLACES))
        if not found:
            return SafeString("")
        start, end = self._passage(text, found)
        shown = [(a - start, b - start) for a, b in found if a >= start and b <= end]
        passage = self._with_marks(text[start:end], shown)
        return SafeString(f"{'… ' if start else ''}{passage}{' …' if end < len(text) else ''}")

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where words of the query stand in the text; those that every text has only where they were asked for."""
        phrases = ((match.span() for match in phrase.finditer(text)) for phrase in self.phrases)
        return merge(self._words_in(text), *phrases)

    def _words_in(self, text: str) -> Iterator[tuple[int, int]]:
        plain = _plain(text)
        for match in self.candidates.finditer(plain) if self.candidates else ():
            if match[0] in self.runs:
                yield match.span()
            elif (word := WORD.match(text, match.start())) and self._matches(word[0]):
                yield word.span()

    def _matches(self, word: str) -> bool:
        forms = _forms(word)
        return not self.tokens.isdisjoint(forms) or any(form.startswith(self.prefixes) for form in forms)

    @staticmethod
    def _passage(text: str, found: list[tuple[int, int]]) -> tuple[int, int]:
        """Some words around the place where most different words of the query stand together."""
        best, most = found[0], 0
        for place, (start, end) in enumerate(found):
            near = {text[a:b].lower() for a, b in found[place : place + 12] if b <= start + CHARACTERS_AROUND}
            if len(near) > most:
                best, most = (start, end), len(near)
        begin = max(0, best[0] - CHARACTERS_AROUND // 3)
        end = min(len(text), max(begin + CHARACTERS_AROUND, best[1]))
        begin = text.rfind(" ", 0, begin) + 1 if begin and begin - text.rfind(" ", 0, begin) < 40 else begin
        gap = text.find(" ", end)
        return begin, gap if 0 <= gap < end + 40 else end

    @staticmethod
    def _with_marks(text: str, found: list[tuple[int, int]]) -> SafeString:
        parts, done = [], 0
        for start, end in _joined_up(text, found):
            parts += [escape(text[done:start]), "<mark>", escape(text[start:end]), "</mark>"]
            done = end
        return SafeString("".join([*parts, escape(text[done:])]))


def _joined_up(text: str, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places with those joined that only a space or a hyphen parts."""
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and text[joined[-1][1] : start] in (" ", "-", ""):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


@lru_cache(maxsize=16)
def marker_of(query: Query) -> Marker:
    """The marker of a query, which a page asks for with every title."""
    return Marker(query)


@lru_cache(maxsize=50_000)
def _forms(word: str) -> frozenset[str]:
    """A word of a text as the index has it: its pieces and their stems."""
    return frozenset(form for piece in pieces(word) for form in (piece, stem(piece)))


@cache
def _bare_letters() -> dict[int, str]:
    """Letters that are one letter without their accent as well."""
    bare = {letter: "".join(pieces(chr(letter))) for letter in range(0xC0, 0x2000) if chr(letter).isalpha()}
    return {letter: found for letter, found in bare.items() if len(found) == 1}


def _plain(text: str) -> str:
    """The text in small letters without accents, each in its place."""
    return text.lower() if text.isascii() else text.translate(_bare_letters()).lower()


def _side_by_side(tokens: tuple[str, ...]) -> re.Pattern:
    return re.compile(r"\b" + r"\W+".join(tokens) + r"\b", re.IGNORECASE)


def _beginnings(tokens: set[str], runs: set[str]) -> re.Pattern | None:
    """Where a word may be one of the tokens. A stem may differ from its word in its last letter: city, citi."""
    ways = [re.escape(run) for run in sorted(runs, key=len, reverse=True)]
    if starts := sorted({re.escape(token[:-1] if len(token) > 2 else token) for token in tokens}):
        ways.append(rf"(?<![^\W_])(?:{'|'.join(starts)})")
    return re.compile("|".join(ways)) if ways else None


def _joined(term: Term) -> str:
    """The run of characters that overlapping pairs were cut from."""
    return term.tokens[0] + "".join(token[-1] for token in term.tokens[1:])
