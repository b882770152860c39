"""Loads the demo publication, Second Reel, into an empty database.

Films and credits are real; authors, critics and all prose are ours. The data lies beside this module.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from films.models import Certificate, Credit, Film, FilmCountry, FilmLanguage, FilmTitle, Genre, Role, Still, WatchLink
from people.models import Person, PersonName
from reviews.models import (
    Author,
    Capsule,
    CriticQuote,
    FrontPage,
    FrontPick,
    FrontRow,
    Page,
    Publication,
    RatingMeaning,
    RelatedChoice,
    Review,
    ReviewByline,
    Season,
    SeasonEntry,
    State,
)
from reviews.roles import ensure_roles

FOLDER = Path(__file__).parent
HOUR_OF_PUBLISHING = 9
ROLES = {
    "directors": Role.DIRECTOR,
    "writers": Role.WRITER,
    "cinematographers": Role.CINEMATOGRAPHER,
    "editors": Role.EDITOR,
    "composers": Role.COMPOSER,
    "producers": Role.PRODUCER,
}
LOGINS = (("owner", "Olive Owner", None), ("editor", "Juno Testcard", "Editors"), ("author", "Otto Splice", "Authors"))


def is_empty() -> bool:
    """Whether the database holds no publication yet."""
    return not (Publication.objects.exists() or Review.objects.exists())


@transaction.atomic
def load(password: str) -> dict[str, int]:
    """Load everything; returns how many of what. The caller has made sure that the database is empty."""
    load_users(password)
    people = load_people()
    films = load_films(people)
    authors = load_authors(films, people)
    reviews = load_reviews(films, authors)
    load_related()
    capsules = load_capsules(films, authors)
    load_publication()
    seasons = load_seasons(films)
    load_front()
    return {
        "films": len(films),
        "people": len(people),
        "authors": len(authors),
        "reviews": reviews,
        "capsules": capsules,
        "seasons": seasons,
    }


def _read(name: str):
    return json.loads((FOLDER / name).read_text("utf-8"))


def load_users(password: str) -> None:
    """An owner, an editor and an author to sign in as."""
    ensure_roles()
    users = get_user_model().objects
    for username, full_name, group in LOGINS:
        first, _, last = full_name.partition(" ")
        values = {"email": f"{username}@second-reel.example", "first_name": first, "last_name": last, "is_staff": True}
        user, is_new = users.get_or_create(username=username, defaults=values | {"is_superuser": group is None})
        if is_new:
            user.set_password(password)
            user.save()
        if group:
            user.groups.add(Group.objects.get(name=group))


class People(dict):
    """People by name; whoever is asked for and not there is entered."""

    def __missing__(self, name: str) -> Person:
        self[name] = Person.objects.filter(name=name).first() or Person.objects.create(name=name)
        return self[name]


def load_people() -> People:
    """The people of whom more is known than a name."""
    people = People()
    for row in _read("people.json"):
        other_names = row.pop("names", [])
        person = Person.objects.filter(name=row["name"]).first() or Person(name=row["name"])
        for field, value in row.items():
            setattr(person, field, value)
        person.save()
        people[person.name] = person
        for other in other_names:
            PersonName.objects.get_or_create(
                person=person, name=other["name"], defaults={"language": other["language"]}
            )
    return people


def load_films(people: People) -> dict[str, Film]:
    """The films with credits and stills, by their key."""
    return {row["key"]: load_film(row, people) for row in _read("films.json")}


def load_film(row: dict, people: People) -> Film:
    """One film; a film already there by IMDb id or address is completed instead of doubled."""
    film = Film.objects.filter(imdb_id=row["imdb_id"]).first() if row.get("imdb_id") else None
    film = film or Film.objects.filter(slug=row["key"]).first() or Film()
    for field in (
        "title",
        "original_title",
        "original_language",
        "year",
        "runtime",
        "synopsis",
        "aspect_ratio",
        "colour",
        "imdb_id",
        "wikidata_id",
        "trailer_url",
    ):
        if row.get(field):
            setattr(film, field, row[field])
    film.save()
    film.genres.set([Genre.objects.get_or_create(name=name)[0] for name in row.get("genres", [])])
    for model, column, codes in ((FilmCountry, "country", "countries"), (FilmLanguage, "language", "languages")):
        getattr(film, f"film_{codes}").all().delete()
        model.objects.bulk_create(
            model(film=film, position=place, **{column: code}) for place, code in enumerate(row.get(codes, []), 1)
        )
    film.refile()
    film.other_titles.all().delete()
    FilmTitle.objects.bulk_create(FilmTitle(film=film, **values) for values in row.get("other_titles", []))
    film.credits.all().delete()
    Credit.objects.bulk_create(credits_of(film, row, people))
    film.certificates.all().delete()
    Certificate.objects.bulk_create(Certificate(film=film, **values) for values in row.get("certificates", []))
    film.watch_links.all().delete()
    WatchLink.objects.bulk_create(WatchLink(film=film, **values) for values in row.get("watch", []))
    if (picture := row.get("still")) and not film.stills.exists():
        still = Still(film=film, alt=picture["alt"], credit=picture["credit"])
        with (FOLDER / "stills" / picture["file"]).open("rb") as file:
            still.take(File(file))
            still.save()
    return film


def credits_of(film: Film, row: dict, people: People) -> list[Credit]:
    """The credits of a film in the data, not yet saved."""
    credits = [
        Credit(film=film, person=people[name], role=role, position=place)
        for key, role in ROLES.items()
        for place, name in enumerate(row.get(key, []), 1)
    ]
    for place, (name, character) in enumerate(row.get("cast", []), 1):
        credits.append(Credit(film=film, person=people[name], role=Role.ACTOR, character=character, position=place))
    return credits


def load_authors(films: dict[str, Film], people: People) -> dict[str, Author]:
    """The four critics of the demo."""
    authors = {}
    for row in _read("authors.json"):
        author = Author(name=row["name"], slug=row["slug"], bio=row["bio"], has_left=not row["active"])
        for field in ("favourite_film", "favourite_director", "guilty_pleasure"):
            value = row[field]
            chosen = films[value["film"]] if "film" in value else people[value["person"]] if "person" in value else None
            setattr(author, field, chosen)
            setattr(author, f"{field}_text", value.get("text", ""))
        if row["username"]:
            author.user = get_user_model().objects.get(username=row["username"])
        author.save()
        authors[row["slug"]] = author
    return authors


def load_reviews(films: dict[str, Film], authors: dict[str, Author]) -> int:
    """The reviews with their quotes, dated back (or ahead) from today."""
    files = sorted((FOLDER / "reviews").glob("*.html"))
    for file in files:
        head, _, body = file.read_text("utf-8").partition("\n---\n")
        load_review(json.loads(head), body, films, authors)
    return len(files)


def load_review(row: dict, body: str, films: dict[str, Film], authors: dict[str, Author]) -> None:
    """One review. Publishing goes by the same door as an editor's: what is incomplete stops the load."""
    film = films[row["film"]]
    review = Review.objects.create(
        film=film,
        headline=row["headline"],
        standfirst=row["standfirst"],
        body=body,
        verdict=row["verdict"],
        rating=row["rating"],
        has_spoilers=row["spoilers"],
        disclosure=row["disclosure"],
        is_featured=row["featured"],
        state=State.IN_REVIEW if row["state"] == "in_review" else State.DRAFT,
    )
    for place, slug in enumerate(row["authors"], 1):
        ReviewByline.objects.create(review=review, author=authors[slug], position=place)
    review.tags.set(row["tags"])
    for place, quote in enumerate(row["quotes"], film.critic_quotes.count() + 1):
        CriticQuote.objects.create(film=film, position=place, **quote)
    if row["state"] == "published":
        review.publish(at=_days_ago(row["days_ago"]))


def _days_ago(days: int) -> datetime:
    day = timezone.localtime() - timedelta(days=days)
    return day.replace(hour=HOUR_OF_PUBLISHING, minute=0, second=0, microsecond=0)


def load_related() -> None:
    """What the editors recommend by hand."""
    reviews = Review.objects.in_bulk(field_name="slug")
    for row in _read("related.json"):
        row |= {name: reviews[row[name]] for name in ("review", "other")}
        RelatedChoice.objects.create(**row, position=1)


def load_capsules(films: dict[str, Film], authors: dict[str, Author]) -> int:
    """Short opinions, most on films without a review; one of an earlier day is dated back."""
    rows = _read("capsules.json")
    for row in rows:
        capsule = Capsule.objects.create(
            film=films[row["film"]], author=authors[row["author"]], rating=row["rating"], body=row["body"]
        )
        if "days_ago" in row:
            Capsule.objects.filter(pk=capsule.pk).update(created_at=_days_ago(row["days_ago"]))
    return len(rows)


def load_publication() -> None:
    """The settings of Second Reel, its simple pages and what its ratings mean."""
    row = _read("publication.json")
    Publication(
        **row | {"social_links": "\n".join(f"{link['name']}: {link['url']}" for link in row["social_links"])}
    ).save()
    for place, page in enumerate(_read("pages.json"), 1):
        Page.objects.create(
            title=page["title"], slug=page["slug"], body=page["body"], show_in_footer=page["in_footer"], position=place
        )
    RatingMeaning.objects.bulk_create(
        RatingMeaning(rating=figure, meaning=meaning) for figure, meaning in _read("ratings.json").items()
    )


def load_seasons(films: dict[str, Film]) -> int:
    """A season without dates, and a festival that goes on as the demo is loaded."""
    rows = _read("seasons.json")
    for row in rows:
        first, last = (timezone.localdate() + timedelta(days=days) for days in row.get("days_from_today", (0, 0)))
        dates = {"first_day": first, "last_day": last} if "days_from_today" in row else {}
        words = {name: row.get(name, "") for name in ("title", "standfirst", "introduction", "place")}
        season = Season.objects.create(is_public=True, **words, **dates)
        SeasonEntry.objects.bulk_create(
            SeasonEntry(
                season=season,
                film=films.get(entry.get("film")),
                review=Review.objects.get(slug=entry["review"]) if "review" in entry else None,
                section=entry.get("section", ""),
                note=entry.get("note", ""),
                position=place,
            )
            for place, entry in enumerate(row["entries"], 1)
        )
    return len(rows)


def load_front() -> None:
    """The home page, composed."""
    page = _read("front.json")
    front = FrontPage.objects.create(name=page["name"])
    for place, values in enumerate(page["rows"], 1):
        picks = values.pop("picks", [])
        if "season" in values:
            values["season"] = Season.objects.get(title=values["season"])
        row = FrontRow.objects.create(page=front, position=place, **values)
        for order, slug in enumerate(picks, 1):
            FrontPick.objects.create(row=row, review=Review.objects.get(slug=slug), position=order)
    front.put_on_site()
