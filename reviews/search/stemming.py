"""English stems by Porter's algorithm (1980): "running", "runs" and "run" are one word to a searcher.

Ours, so that SQLite and PostgreSQL give the same answers: the stemmers they bring differ from each other."""

import re
from functools import lru_cache

_C, _V = "[^aeiou][^aeiouy]*", "[aeiouy][aeiou]*"
_ONE = re.compile(f"^(?:{_C})?{_V}{_C}").match  # at least one vowel and consonant sequence
_TWO = re.compile(f"^(?:{_C})?{_V}{_C}{_V}{_C}").match
_JUST_ONE = re.compile(f"^(?:{_C})?{_V}{_C}(?:{_V})?$").match
_VOWEL = re.compile(f"^(?:{_C})?[aeiouy]").match
_SHORT = re.compile(f"^{_C}[aeiouy][^aeiouwxy]$").match
_DOUBLE = re.compile(r"([^aeiouylsz])\1$").search

_SECOND = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize", "bli": "ble", "alli": "al",
    "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize", "ation": "ate", "ator": "ate", "alism": "al",
    "iveness": "ive", "fulness": "ful", "ousness": "ous", "aliti": "al", "iviti": "ive", "biliti": "ble",
    "logi": "log",
}  # fmt: skip
_THIRD = {"icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": ""}
_FOURTH = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "al",
    "er", "ic", "ou",
)  # fmt: skip
_ENDING_2 = re.compile(f"^(.+?)({'|'.join(sorted(_SECOND, key=len, reverse=True))})$").match
_ENDING_3 = re.compile(f"^(.+?)({'|'.join(_THIRD)})$").match
_ENDING_4 = re.compile(f"^(.+?)({'|'.join(_FOURTH)})$").match


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of a word in small letters without accents; words of other alphabets stay as they are."""
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    first_y = word.startswith("y")  # a consonant there, and the patterns take every y for a vowel
    if first_y:
        word = "Y" + word[1:]
    word = _without_ending(_without_past(_without_plural(word)))
    return "y" + word[1:] if first_y else word


def _without_plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _without_past(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _ONE(word[:-3]) else word
    for ending in ("ed", "ing"):
        base = word.removesuffix(ending)
        if base != word:
            return _mended(base) if _VOWEL(base) else word
    return word


def _mended(base: str) -> str:
    """ "hop(p)" loses its double letter, "fil(e)" gets its e back."""
    if base.endswith(("at", "bl", "iz")) or _SHORT(base):
        return base + "e"
    return base[:-1] if _DOUBLE(base) else base


def _without_ending(word: str) -> str:
    if word.endswith("y") and _VOWEL(word[:-1]):
        word = word[:-1] + "i"
    for ending, endings in ((_ENDING_2, _SECOND), (_ENDING_3, _THIRD)):
        if (match := ending(word)) and _ONE(match[1]):
            word = match[1] + endings[match[2]]
    if match := _ENDING_4(word):
        word = match[1] if _TWO(match[1]) else word
    elif word.endswith(("sion", "tion")) and _TWO(word[:-3]):
        word = word[:-3]
    if word.endswith("e") and (_TWO(word[:-1]) or (_JUST_ONE(word[:-1]) and not _SHORT(word[:-1]))):
        word = word[:-1]
    return word[:-1] if word.endswith("ll") and _TWO(word) else word
