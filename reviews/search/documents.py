"""Which words each kind of record is found by."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from itertools import chain

from django.db.models import Prefetch, QuerySet
from django.utils.timezone import get_default_timezone
from taggit.models import Tag, TaggedItem

from config.richtext import plain_text
from films.models import Credit, Film, FilmTitle, Role
from people.models import Person, PersonName
from reviews.models import Author, Review
from reviews.search import analysis

FOREVER = datetime(9999, 1, 1, tzinfo=get_default_timezone())
MOST_PEOPLE = 60  # names of one film; those below are found on their own pages


class Kind(IntEnum):
    """What can be found, in the order in which changes are indexed: opinion first, the long catalogue last."""

    REVIEW = 1
    AUTHOR = 2
    TAG = 3
    PERSON = 4
    FILM = 5


@dataclass
class Document:
    """A record for the index: its own names, the names of people it has to do with, and its texts, each with the code
    of its language if that is not the publication's own."""

    pk: int
    names: list[str]
    people: list[str] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)

    @cached_property
    def keys(self) -> set[str]:
        return set().union(*map(analysis.keys_of, self.names))

    @cached_property
    def columns(self) -> tuple[list[str], ...]:
        """The tokens of its names, people and text."""
        names, people = analysis.tokens_of_names(self.names), analysis.tokens_of_names(self.people)
        tokens = [
            analysis.text_tokens(words, analysis.closed_up(text), language)
            for (text, language), words in zip(self.texts, self.words_of_texts, strict=True)
        ]
        return analysis.holdable(names, people, [*chain(*map(analysis.parted, tokens))])

    @cached_property
    def words_of_texts(self) -> list[list[str]]:
        return [analysis.name_tokens(text) for text, _language in self.texts]

    def words(self) -> set[str]:
        """The words whose misspellings are understood."""
        of_names = {word for name in self.names for word in analysis.folded(name)}
        of_text = {word for word in chain(*self.words_of_texts) if len(word) >= analysis.SHORTEST_OF_TEXT}
        return {word for word in of_names | of_text if analysis.correctable(word)}


def _of_authors(ids: list[int]) -> Iterable[Document]:
    for pk, name in Author.objects.filter(pk__in=ids).values_list("pk", "name"):
        yield Document(pk, [name])


def _of_tags(ids: list[int]) -> Iterable[Document]:
    for pk, name in Tag.objects.filter(pk__in=ids).values_list("pk", "name"):
        yield Document(pk, [name], texts=[(name, "")])


def _of_people(ids: list[int]) -> Iterable[Document]:
    others = _other_names(ids)
    for pk, name, sort_name in Person.objects.filter(pk__in=ids).values_list("pk", "name", "sort_name"):
        yield Document(pk, list(dict.fromkeys([name, *others[pk], sort_name])))


def _other_names(people: Iterable[int]) -> dict[int, list[str]]:
    return _listed(PersonName.objects.filter(person__in=people).order_by("pk").values_list("person_id", "name"))


def _of_films(ids: list[int]) -> Iterable[Document]:
    people, others = _people_of(ids), _other_titles(ids)
    for film in Film.objects.filter(pk__in=ids).order_by().only(*TITLE_FIELDS):
        yield Document(film.pk, _titles(film, others), people[film.pk], _texts(_title_as_text(film)))


TITLE_FIELDS = ("title", "original_title", "original_language")


def _other_titles(films: Iterable[int]) -> dict[int, list[str]]:
    return _listed(FilmTitle.objects.filter(film__in=films).order_by("pk").values_list("film_id", "title"))


def _titles(film: Film, others: dict[int, list[str]]) -> list[str]:
    """A film's titles: the one it is known by, its original one and the others."""
    return list(filter(None, [film.title, film.original_title, *others[film.pk]]))


def _title_as_text(film: Film) -> str:
    """The title if it is in the publication's own language, as far as anybody can tell: a foreign one has no stems."""
    is_foreign = film.title_language or not (film.original_language or _is_plain(film.title))
    return "" if is_foreign else film.title


def _is_plain(title: str) -> bool:
    return all(sign.isascii() for sign in title if sign.isalpha())


def _texts(*texts: str, language: str = "") -> list[tuple[str, str]]:
    return [(text, language) for text in texts if text]


def _listed(rows: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    listed = defaultdict(list)
    for pk, name in rows:
        listed[pk].append(name)
    return listed


def _people_of(films: Iterable[int]) -> dict[int, list[str]]:
    """The names of each film's people as credited; its directors by all their names."""
    credits = Credit.objects.filter(film__in=films).order_by("position", "pk")
    rows = list(credits.values_list("film_id", "person_id", "role", "person__name", "credited_as"))
    others = _other_names({person for _film, person, role, _name, _as in rows if role == Role.DIRECTOR})
    names = defaultdict(dict)
    for film, person, role, name, credited_as in rows:
        if len(names[film]) < MOST_PEOPLE:
            names[film] |= dict.fromkeys([name, credited_as] if credited_as else [name])
            if role == Role.DIRECTOR:
                names[film] |= dict.fromkeys(others.get(person, ()))
    return defaultdict(list, {film: list(found) for film, found in names.items()})


def _of_reviews(ids: list[int]) -> Iterable[Document]:
    """Of published reviews and those that will be; drafts have no words in the index."""
    reviews = list(
        Review.objects.published(FOREVER)
        .filter(pk__in=ids)
        .order_by()
        .prefetch_related(Prefetch("film", Film.objects.only(*TITLE_FIELDS, "synopsis")), "bylines__author")
    )
    films = {review.film_id for review in reviews}
    people, others, tags = _people_of(films), _other_titles(films), _tags_of(ids)
    for review in reviews:
        film = review.film
        names = [*filter(None, [review.headline]), *_titles(film, others)]
        people_here = [*people[review.film_id], *(author.name for author in review.authors())]
        synopsis = "" if review.synopsis else film.synopsis
        texts = _texts(_title_as_text(film), *tags[review.pk], synopsis)
        texts += _texts(review.headline, *_own_texts(review), review.synopsis, language=review.foreign_language)
        yield Document(review.pk, names, people_here, texts)


def searchable_text(review: Review) -> str:
    """The words of a review that a reader may be shown as the place where a word was found."""
    return " ".join(filter(None, [*_own_texts(review), review.synopsis_printed]))


def _own_texts(review: Review) -> list[str]:
    """The texts in the review's own language but for headline and synopsis."""
    return [review.standfirst, plain_text(review.body), review.verdict]


def tagged_reviews() -> QuerySet[TaggedItem]:
    """Which review has which tag."""
    return TaggedItem.objects.filter(content_type__app_label="reviews", content_type__model="review")


def _tags_of(reviews: Iterable[int]) -> dict[int, list[str]]:
    return _listed(tagged_reviews().filter(object_id__in=reviews).values_list("object_id", "tag__name"))


BUILDERS: dict[Kind, Callable[[list[int]], Iterable[Document]]] = {
    Kind.REVIEW: _of_reviews,
    Kind.AUTHOR: _of_authors,
    Kind.TAG: _of_tags,
    Kind.PERSON: _of_people,
    Kind.FILM: _of_films,
}

WATCHED = {  # table: the kind of record that a row of it belongs to, and the column with that record's key
    "reviews_review": (Kind.REVIEW, "id"),
    "reviews_reviewbyline": (Kind.REVIEW, "review_id"),
    "taggit_taggeditem": (Kind.REVIEW, "object_id"),
    "reviews_author": (Kind.AUTHOR, "id"),
    "taggit_tag": (Kind.TAG, "id"),
    "people_person": (Kind.PERSON, "id"),
    "people_personname": (Kind.PERSON, "person_id"),
    "films_film": (Kind.FILM, "id"),
    "films_filmtitle": (Kind.FILM, "film_id"),
    "films_credit": (Kind.FILM, "film_id"),
}
OWN_TABLES = {kind: table for table, (kind, column) in WATCHED.items() if column == "id"}


def dependants(kind: Kind, ids: list[int]) -> dict[Kind, Iterable[int]]:
    """Records whose documents hold words of these records."""
    reviews = Review.objects.order_by()
    if kind is Kind.PERSON:
        return {
            Kind.FILM: Credit.objects.filter(person__in=ids).order_by().values_list("film_id", flat=True).distinct()
        }
    if kind is Kind.FILM:
        return {Kind.REVIEW: reviews.filter(film__in=ids).values_list("pk", flat=True)}
    if kind is Kind.AUTHOR:
        return {Kind.REVIEW: reviews.filter(bylines__author__in=ids).values_list("pk", flat=True).distinct()}
    if kind is Kind.TAG:
        return {Kind.REVIEW: tagged_reviews().filter(tag__in=ids).values_list("object_id", flat=True)}
    return {}
