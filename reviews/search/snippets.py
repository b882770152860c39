"""Showing a reader where the words were found."""

import re
from collections.abc import Iterator
from itertools import islice

from django.utils.html import escape
from django.utils.safestring import SafeString

from reviews.search.analysis import WORD, Query, Term, is_unspaced, pieces, stemmed

WORDS_AROUND = 28
MOST_PLACES = 40  # of a text, where the words stand, that are compared
_RUN_OF = re.compile(r"\S+")


class Marker:
    """Marks the words of a query in texts."""

    def __init__(self, query: Query):
        terms = [term for term in query.terms if term.stems] or query.terms
        words = [term for term in terms if not is_unspaced(term.tokens[0])]
        self.tokens = {token for term in words for token in term.tokens}
        self.stems = {token for term in words for token in term.stems}
        self.prefixes = tuple(term.tokens[0] for term in words if term.is_prefix)
        self.judged: dict[str, bool] = {}
        self.runs = [_joined(term) for term in terms if is_unspaced(term.tokens[0])]

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
        """Where words of the query stand in the text."""
        for match in WORD.finditer(text):
            word = match[0]
            if word not in self.judged:
                self.judged[word] = self._matches(word)
            if self.judged[word]:
                yield match.span()
            elif self.runs:
                yield from self._runs_in(match)

    def _matches(self, word: str) -> bool:
        return any(
            piece in self.tokens
            or (self.prefixes and piece.startswith(self.prefixes))
            or (self.stems and not is_unspaced(piece) and stemmed(piece) in self.stems)
            for piece in pieces(word)
        )

    def _runs_in(self, match: re.Match) -> Iterator[tuple[int, int]]:
        for run in self.runs:
            if (place := match[0].find(run)) >= 0:
                yield match.start() + place, match.start() + place + len(run)
                return

    def _passage(self, text: str, found: list[tuple[int, int]]) -> tuple[int, int]:
        """Some words around the place where most different words of the query stand together."""
        words = [match.span() for match in _RUN_OF.finditer(text)]
        length = max(120, round(len(text) / max(1, len(words)) * WORDS_AROUND))
        best, most = found[0], 0
        for place, (start, _end) in enumerate(found):
            near = {text[a:b].lower() for a, b in found[place : place + 12] if b <= start + length}
            if len(near) > most:
                best, most = (start, _end), len(near)
        begin = max(0, best[0] - length // 3)
        end = min(len(text), max(begin + length, best[1]))
        begin = text.rfind(" ", 0, begin) + 1 if begin and begin - text.rfind(" ", 0, begin) < 40 else begin
        gap = text.find(" ", end)
        return begin, gap if 0 <= gap < end + 40 else end

    @staticmethod
    def _with_marks(text: str, found: list[tuple[int, int]]) -> SafeString:
        parts, done = [], 0
        for start, end in _side_by_side(text, found):
            parts += [escape(text[done:start]), "<mark>", escape(text[start:end]), "</mark>"]
            done = end
        return SafeString("".join([*parts, escape(text[done:])]))


def _side_by_side(text: str, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places with those joined that only a space or a hyphen parts."""
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and text[joined[-1][1] : start] in (" ", "-", ""):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _joined(term: Term) -> str:
    """The run of characters that overlapping pairs were cut from."""
    return term.tokens[0] + "".join(token[-1] for token in term.tokens[1:])
