"""What can be followed: how it stands in a form, what it is called, and how it is found."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse
from django_countries import countries
from taggit.models import Tag

from config.languages import country_code
from people.models import Person
from reviews.models import Author, Season
from reviews.search.analysis import Query, folded, read_query
from reviews.search.documents import Kind
from reviews.search.finding import corrected, suggest, tags_in_use
from subscriptions import digests
from subscriptions.models import Follow, Subscriber

MOST_FOLLOWS = 200
MOST_FOUND = 8  # of each kind
FIRST_DECADE, LAST_DECADE = 1880, 2090


@dataclass(frozen=True)
class Followed:
    """Somebody or something to follow: `value` is what stands in the column of Follow that `kind` names, `slug`
    how addresses and forms name it."""

    kind: str
    slug: str
    name: str
    value: object
    url: str = ""

    @property
    def word(self) -> str:
        """How it stands in a form: "person:claire-denis"."""
        return f"{self.kind}:{self.slug}"

    @property
    def what(self) -> str:
        return LABELS[self.kind]


LABELS = {
    "person": "Person",
    "author": "Writer",
    "tag": "Theme",
    "country": "Country",
    "decade": "Decade",
    "season": "Season",
}


def _record(kind: str, record: Person | Author | Tag | Season) -> Followed:
    url = reverse("tags:detail", args=[record.slug]) if kind == "tag" else record.get_absolute_url()
    return Followed(kind, record.slug, record.name, record, url)


def _country(code: str) -> Followed | None:
    name = countries.name(code)
    return Followed("country", code, str(name), code) if name else None


def _decade(year: int) -> Followed | None:
    known = FIRST_DECADE <= year <= LAST_DECADE and year % 10 == 0
    return Followed("decade", str(year), f"{year}s", year) if known else None


def _by_slug(kind: str, records: Callable[[], QuerySet]) -> Callable[[str], Followed | None]:
    def found(slug: str) -> Followed | None:
        record = records().filter(slug=slug).first()
        return _record(kind, record) if record else None

    return found


READERS: dict[str, Callable[[str], Followed | None]] = {
    "person": _by_slug("person", Person.objects.all),
    "author": _by_slug("author", Author.objects.all),
    "tag": _by_slug("tag", tags_in_use),
    "country": lambda code: _country(code) if re.fullmatch("[A-Z]{2}", code) else None,
    "decade": lambda year: _decade(int(year)) if re.fullmatch(r"\d{4}", year, re.ASCII) else None,
    "season": _by_slug("season", Season.objects.public),
}


def read(word: str) -> Followed | None:
    """What "person:claire-denis", "country:FR" or "decade:1970" names; None if there is no such thing."""
    kind, _colon, slug = word.partition(":")
    if kind not in READERS or not slug or len(slug) > 140 or "\0" in slug or not slug.isprintable():
        return None
    return READERS[kind](slug)


def of(follow: Follow) -> Followed:
    """What a row of Follow is about."""
    value = getattr(follow, kind := follow.kind)
    if kind == "country":
        return _country(value) or Followed(kind, value, value, value)
    return (
        _decade(value) or Followed(kind, str(value), f"{value}s", value) if kind == "decade" else _record(kind, value)
    )


def find(text: str) -> list[Followed]:
    """What somebody may mean who types a name, a theme, a country or a decade; misspelt words are corrected."""
    query = read_query(text)
    if not query:
        return []
    places = [*_countries(query.text), *_decades(query.text)]
    found = [*places, *_named(query), *_seasons(query.text)]
    return found or ((meant := corrected(query)) and _named(meant)) or []


def _named(query: Query) -> list[Followed]:
    """People, writers and themes with this name, best first."""
    ids = suggest(query, MOST_FOUND, [Kind.PERSON, Kind.AUTHOR, Kind.TAG]).ids
    found = []
    for kind, model, searched in (
        ("person", Person, Kind.PERSON),
        ("author", Author, Kind.AUTHOR),
        ("tag", Tag, Kind.TAG),
    ):
        first = ids.get(searched, [])[:MOST_FOUND]
        records = model.objects.in_bulk(first) if first else {}
        found += [_record(kind, records[pk]) for pk in first if pk in records]
    return found


def _seasons(text: str) -> list[Followed]:
    """Seasons that readers see, with these words in their title."""
    return [_record("season", season) for season in Season.objects.public().filter(title__icontains=text)[:MOST_FOUND]]


def _countries(text: str) -> list[Followed]:
    """Those with a name in which every word typed begins a word, "korea" or "soviet", and the one of another name: "Holland"."""
    asked = folded(text)
    names = ((code, folded(name)) for code, name in countries if len("".join(asked)) > 1)
    codes = [code for code, name in names if all(any(word.startswith(part) for word in name) for part in asked)]
    named = country_code(text)
    return [_country(code) for code in dict.fromkeys([*([named] if named else []), *codes[:MOST_FOUND]])]


def _decades(text: str) -> list[Followed]:
    match = re.fullmatch(r"(?:the )?(\d{4}|\d0)s?", text.strip(), re.ASCII)
    year = int(match[1]) if match else 0
    if 0 < year < 100:
        year += 1900
    return [found] if (found := _decade(year - year % 10)) else []


def add(subscriber: Subscriber, followed: Followed) -> bool:
    """Follow it; whether it is followed now. Beyond MOST_FOLLOWS nothing is added."""
    column = {followed.kind: followed.value}
    if not subscriber.follows.filter(**column).exists() and subscriber.follows.count() >= MOST_FOLLOWS:
        return False
    _row, is_new = subscriber.follows.get_or_create(**column)
    if is_new and subscriber.only_followed:
        digests.ask_for_more(subscriber)
        subscriber.save(update_fields=["digests_from"])
    return True


def all_of(subscriber: Subscriber) -> list[tuple[Follow, Followed]]:
    """Everything a subscriber follows, by kind and name: one query."""
    follows = subscriber.follows.select_related("person", "author", "tag", "season")
    pairs = [(follow, of(follow)) for follow in follows]
    return sorted(pairs, key=lambda pair: (list(READERS).index(pair[1].kind), pair[1].name.casefold()))
