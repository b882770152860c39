"""A file of films, JSON lines plain or gzipped: read one line at a time, checked and cleaned.

The keys of a line are those that read_entry() asks for, all but the title optional; others are ignored.
"""

import gzip
import json
import os
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from config.languages import LANGUAGE_CODE, country_code, language_choices
from films.models import Film, FilmTitle, Genre, Role
from films.models.film import FIRST_FILM_YEAR, IMDB_TITLE
from people.models import Person

GZIP_MAGIC = b"\x1f\x8b"
LONGEST_LINE = 2**20  # a film with a thousand credits has some 30,000 bytes
LAST_FILM_YEAR = 2100
LONGEST_RUNTIME = 6000
CREDITS = {
    "directors": Role.DIRECTOR,
    "writers": Role.WRITER,
    "cinematographers": Role.CINEMATOGRAPHER,
    "cast": Role.ACTOR,
}
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_GAPS = re.compile("[ \t\r\n]+")


class BadLine(ValueError):
    """A line that holds no film; the message says why, in words for the person who has the file."""


class Unreadable(Exception):
    """A file that cannot be read at all; the message names it and says why."""


class FilmFile:
    """The lines of a film file, numbered from 1, one at a time however long the file is.

    A file that breaks off within its compressed data ends the iteration; `damage` then says where."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.damage = ""

    def __enter__(self) -> "FilmFile":
        try:
            self._raw = self.path.open("rb")
        except OSError as error:
            raise Unreadable(f"{self.path} cannot be read: {error.strerror}.") from None
        self.size = os.fstat(self._raw.fileno()).st_size
        is_gzip = self._raw.peek(2)[:2] == GZIP_MAGIC
        if self.path.suffix == ".gz" and not is_gzip:
            self._raw.close()
            raise Unreadable(f"{self.path} is not a gzip file, whatever its name says.")
        self._lines = gzip.GzipFile(fileobj=self._raw) if is_gzip else self._raw
        return self

    def __exit__(self, *exception) -> None:
        self._raw.close()

    @property
    def position(self) -> int:
        """How many bytes of `size` have been read from the disk."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        number = 0
        try:
            while line := self._lines.readline(LONGEST_LINE + 1):
                number += 1
                yield number, line
                while len(line) > LONGEST_LINE and not line.endswith(b"\n"):  # the rest of an endless line
                    line = self._lines.readline(LONGEST_LINE + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            self.damage = f"{self.path} is damaged or cut off after line {number:,}."


@dataclass(slots=True)
class Entry:
    """One film of the file: facts by the names of Film's fields, lists without doubles, names by role.

    `dropped` counts what could not be used, `remarks` says what a person should look at."""

    line: int
    facts: dict[str, str | int]
    other_titles: dict[str, str] = field(default_factory=dict)  # their languages, if known
    countries: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    genres: list[str] = field(default_factory=list)
    credits: dict[Role, list[str]] = field(default_factory=dict)
    dropped: Counter = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)


def read_entry(number: int, line: bytes) -> Entry:
    """The film on a line of the file; BadLine if it cannot be one."""
    data = _parsed(number, line)
    entry = Entry(number, _facts(data))
    if "\ufffd" in entry.facts["title"]:
        entry.remarks.append(f"the title “{entry.facts['title']}” has letters that were lost (U+FFFD)")
    _read_other_titles(entry, data)
    _read_countries(entry, _texts(data, "countries"))
    _read_languages(entry, _texts(data, "languages"))
    _read_genres(entry, _texts(data, "genres"))
    for key, role in CREDITS.items():
        _read_credits(entry, role, _texts(data, key))
    return entry


def _parsed(number: int, line: bytes) -> dict:
    if len(line) > LONGEST_LINE:
        raise BadLine(f"it is longer than {LONGEST_LINE:,} bytes")
    try:
        data = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        raise BadLine("it is not UTF-8 text") from None
    except RecursionError:
        raise BadLine("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise BadLine(f"it is not JSON ({error.msg} at character {error.colno})") from None
    except ValueError:
        raise BadLine("it has a number too long to be read") from None
    if not isinstance(data, dict):
        raise BadLine("it is not a JSON object")
    return data


def _facts(data: dict) -> dict[str, str | int]:
    """The single values that are known, under the names of Film's fields."""
    facts = {
        "title": _text(data, "title", Film),
        "original_title": _text(data, "original_title", Film),
        "year": _number(data, "year", FIRST_FILM_YEAR, LAST_FILM_YEAR),
        "runtime": _number(data, "runtime", 1, LONGEST_RUNTIME),
        "imdb_id": _text(data, "imdb_id", Film),
        "source_id": _text(data, "id", Film, "source_id"),
    }
    if not facts["title"]:
        raise BadLine("it has no title")
    if facts["imdb_id"] and not IMDB_TITLE.regex.search(facts["imdb_id"]):
        raise BadLine(f"imdb_id {facts['imdb_id']!r} is not like tt0074749")
    if facts["original_title"] == facts["title"]:
        facts["original_title"] = ""
    return {name: value for name, value in facts.items() if value}


def _text(data: dict, key: str, model: type, name: str = "") -> str:
    value = data.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadLine(f"{key} is not text but {_kind(value)}")
    value = _clean(key, value)
    longest = model._meta.get_field(name or key).max_length
    if len(value) > longest:
        raise BadLine(f"{key} has {len(value)} characters; the most is {longest}")
    return value


def _number(data: dict, key: str, least: int, most: int) -> int | None:
    value = data.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadLine(f"{key} is not a whole number but {_kind(value)}")
    if value < least:
        raise BadLine(f"{key} {value} is before {least}" if key == "year" else f"{key} {value} is less than {least}")
    if value > most:
        raise BadLine(f"{key} {value} is after {most}" if key == "year" else f"{key} {value} is more than {most}")
    return value


def _list(data: dict, key: str) -> list:
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadLine(f"{key} is not a list but {_kind(value)}")
    return value


def _texts(data: dict, key: str) -> list[str]:
    """A list of texts, cleaned, each once, in order."""
    value = _list(data, key)
    for item in value:
        if not isinstance(item, str):
            raise BadLine(f"{key} has something other than text in it: {_kind(item)}")
    return list(dict.fromkeys(_clean(key, item) for item in value))


def _clean(key: str, text: str) -> str:
    """The text as it is stored: composed (NFC), without blanks around it and with single ones inside."""
    if found := _UNSTORABLE.search(text):
        raise BadLine(f"{key} has a character that cannot be stored (U+{ord(found[0]):04X})")
    return unicodedata.normalize("NFC", _GAPS.sub(" ", text).strip())


def _kind(value: object) -> str:
    if isinstance(value, float) and value != value:
        return "NaN"
    return {
        bool: "true or false",
        int: "a number",
        float: "a fraction",
        str: "text",
        list: "a list",
        dict: "an object",
    }.get(type(value), "null")


def _read_other_titles(entry: Entry, data: dict) -> None:
    """Each a text, or an object with a title and perhaps the code of its language."""
    own = {entry.facts["title"], entry.facts.get("original_title"), ""}
    for item in _list(data, "other_titles"):
        title, language = (item.get("title"), item.get("language")) if isinstance(item, dict) else (item, None)
        if not isinstance(title, str):
            raise BadLine(f"other_titles has something other than titles in it: {_kind(title)}")
        title = _text({"other_titles": title}, "other_titles", FilmTitle, "title")
        if language and not _is_language(language):
            entry.dropped["unknown language"] += 1
            language = None
        if title not in own:
            entry.other_titles.setdefault(title, language or "")


def _is_language(code: object) -> bool:
    longest = FilmTitle._meta.get_field("language").max_length
    return isinstance(code, str) and len(code) <= longest and bool(LANGUAGE_CODE.regex.search(code))


def _read_countries(entry: Entry, names: list[str]) -> None:
    for name in names:
        if code := country_code(name):
            if code not in entry.countries:
                entry.countries.append(code)
        else:
            entry.dropped["unknown country"] += 1
            entry.remarks.append(f"no country is called “{_shortened(name)}”")


def _read_languages(entry: Entry, codes: list[str]) -> None:
    known = dict(language_choices())
    for code in dict.fromkeys(code.lower() for code in codes):
        if code in known:
            entry.languages.append(code)
        else:
            entry.dropped["unknown language"] += 1


def _read_genres(entry: Entry, names: list[str]) -> None:
    longest = Genre._meta.get_field("name").max_length
    for name in names:
        if len(name) <= longest and _has_letter(name):
            entry.genres.append(name)
        else:
            entry.dropped["genre that is no word"] += 1


def _read_credits(entry: Entry, role: Role, names: list[str]) -> None:
    longest = Person._meta.get_field("name").max_length
    kept = [name for name in names if len(name) <= longest and _has_letter(name)]
    if kept:
        entry.credits[role] = kept
    if dropped := len(names) - len(kept):
        entry.dropped["credit without a name"] += dropped


def _has_letter(text: str) -> bool:
    return any(char.isalpha() for char in text)


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
