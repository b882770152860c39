"""`python -m tests.bench_reading`: how long the pages for readers take, with 500 and with 20,000 reviews.

Makes a database of its own for each size (SQLite, or PostgreSQL with --postgresql) with five films for each review
and fifteen people, and asks for each kind of page in this process, as often as it was never made before: without the
page cache. Prints a table in Markdown. Takes some ten minutes; --sizes makes it smaller, --keep FOLDER keeps SQLite
databases for the next run, --no-search leaves out the search index, which takes most of the time.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

from tests import servers

SIZES = (500, 20_000)
TIMES = 25
FILMS_A_REVIEW, PEOPLE_A_FILM = 5, 3
COUNTRIES = "us fr gb de it jp in es kr se dk pl ru cn hk mx br ar ir tr be nl ca au cz hu no fi pt at".upper().split()
LANGUAGES = "en fr de it ja hi es ko sv da pl ru zh pt fa tr nl cs hu no fi".split()  # noqa: SIM905
GENRES = "Drama Comedy Thriller Documentary Romance Crime Horror Western Musical War Animation Fantasy".split()  # noqa: SIM905
WRITERS = 25
YEARS_ONLINE = 20
RECENT = 45  # the place of a review whose month has at least a page of them, even with 500 in all


def fill(reviews: int) -> None:
    """What tests.bench_search makes, and what its reviews lack to be found by filters."""
    from django.db import connection
    from django.utils import timezone

    from films.models import Credit, Film, FilmCountry, FilmLanguage, Genre, Role
    from people.models import Person
    from reviews.models import Author, Review, ReviewByline
    from tests import bench_search

    films = reviews * FILMS_A_REVIEW
    bench_search.fill(reviews, films)
    chance = random.Random(2)
    pks = list(Film.objects.order_by("pk").values_list("pk", flat=True))
    genres = [Genre.objects.create(name=name) for name in GENRES]
    bulk = {"batch_size": 5000}
    weights = [1 / (place + 1) for place in range(len(COUNTRIES))]

    def some(values: list, most: int) -> set:
        return set(chance.choices(values, weights[: len(values)], k=chance.randint(1, most)))

    FilmCountry.objects.bulk_create(
        (FilmCountry(film_id=pk, country=code) for pk in pks for code in some(COUNTRIES, 2)), **bulk
    )
    FilmLanguage.objects.bulk_create(
        (FilmLanguage(film_id=pk, language=code) for pk in pks for code in some(LANGUAGES, 2)), **bulk
    )
    Link = Film.genres.through
    Link.objects.bulk_create((Link(film_id=pk, genre=genre) for pk in pks for genre in some(genres, 3)), **bulk)
    writers = [Author.objects.create(name=f"Writer {number}") for number in range(WRITERS)]
    now, found = timezone.now(), list(Review.objects.only("pk"))
    for place, review in enumerate(found):
        review.published_at = now - timedelta(days=365 * YEARS_ONLINE * (place / len(found)) ** 3)  # more each year
        review.rating = chance.choice([None, *range(2, 11)])
        review.rating = review.rating and review.rating / 2
    Review.objects.bulk_update(found, ["published_at", "rating"], batch_size=500)
    bylines = list(ReviewByline.objects.only("pk"))
    for byline in bylines:
        byline.author = chance.choice(writers)
    ReviewByline.objects.bulk_update(bylines, ["author"], batch_size=500)
    names = bench_search.words(chance, 30_000)
    wanted = films * PEOPLE_A_FILM - Person.objects.count()
    made = (
        Person(
            name=(name := f"{chance.choice(names).title()} {chance.choice(names).title()}"),
            sort_name=f"{name}",
            slug=f"more-{number}",
        )
        for number in range(wanted)
    )
    more = Person.objects.bulk_create(made, **bulk)
    roles = [Role.ACTOR] * 6 + [Role.EDITOR, Role.COMPOSER, Role.PRODUCER, Role.DIRECTOR]
    Credit.objects.bulk_create(
        (Credit(film_id=chance.choice(pks), person=person, role=chance.choice(roles), position=9) for person in more),
        **bulk,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def pages() -> dict[str, str]:
    """The addresses that are measured, by what they are.

    Each has as many rows in a small publication as in a large one: so the last page that is full, and a recent month.
    """
    from django.db.models import Count

    from films.models import Film
    from people.models import Person
    from reviews.models import Author, Review

    newest = Review.objects.published().newest_first()
    reviews, films, people = newest.count(), Film.objects.count(), Person.objects.count()
    writer = Author.objects.annotate(signed=Count("reviews_signed")).order_by("-signed").first()
    person = Person.objects.annotate(credited=Count("credits")).order_by("-credited").first()
    middle, month = newest[reviews // 2], newest[RECENT].published_at
    return {
        "Home": "/",
        "Archive": "/reviews/",
        "Archive, one filter": "/reviews/?country=fr",
        "Archive, three filters": "/reviews/?decade=1970s&country=us&genre=drama",
        "Archive, oldest first": "/reviews/?order=oldest",
        "Archive, highest rated first": "/reviews/?order=rated",
        "Archive, by title": "/reviews/?order=title",
        "Archive, by film year": "/reviews/?order=year",
        "Archive, last full page": f"/reviews/?page={reviews // 12}",
        "Archive, a filter and an order, late page": f"/reviews/?country=us&order=rated&page={max(1, reviews // 60)}",
        "Archive, all themes": "/reviews/?choose=tag",
        "Years of publication": "/archive/",
        "A year": f"/archive/{month.year}/",
        "A month": f"/archive/{month:%Y/%m}/",
        "Review": middle.get_absolute_url(),
        "Film": middle.film.get_absolute_url(),
        "Person": person.get_absolute_url(),
        "Writer": writer.get_absolute_url(),
        "Writer, last full page": f"{writer.get_absolute_url()}?page={writer.signed // 12}",
        "Theme": "/tags/theme-garden/",
        "Theme, late page": f"/tags/theme-garden/?page={max(2, reviews // 250)}",
        "Films": "/films/",
        "Films, a letter": "/films/?letter=m",
        "Films, three filters": "/films/?decade=1970s&country=us&genre=drama",
        "Films, last full page": f"/films/?page={films // 48}",
        "People": "/people/",
        "People, a letter": "/people/?letter=m",
        "People, directors": "/people/?role=director",
        "People, last full page": f"/people/?page={people // 120}",
        "Search, a name": "/search/?q=Tarkovsky",
        "Search, two common words": "/search/?q=film+camera",
    }


def timed(client, path: str, clock, before=lambda: None) -> tuple[list[float], int]:
    """Seconds of each of TIMES requests, and the queries of the last."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    took = []
    for attempt in range(TIMES + 1):
        before()
        began = clock()
        response = client.get(path)
        if attempt:  # the first fills what the process keeps
            took.append(clock() - began)
        assert response.status_code == 200, (path, response.status_code)
    before()
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return took, len(queries)


def measure(reviews: int, search: bool, only: str, clock) -> dict[str, tuple[float, float, int]]:
    """Milliseconds p50 and p95 and queries for each kind of page."""
    from django.core.management import call_command
    from django.db.models import F
    from django.test import Client
    from django.test.utils import setup_test_environment

    from reviews.models import ContentVersion, Review
    from reviews.search.index import catch_up

    call_command("migrate", verbosity=0)
    began = time.monotonic()
    if not Review.objects.exists():
        fill(reviews)
    if search:
        catch_up(3600)
    print(f"{reviews:,} reviews ready in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    setup_test_environment()
    client, found = Client(), {}

    def change():
        ContentVersion.objects.update(number=F("number") + 1, archive=F("archive") + 1)

    for name, path in pages().items():
        if only in name and (search or not name.startswith("Search")):
            found[name] = timed(client, path, clock)
    for name, path in (
        ("Archive", "/reviews/"),
        ("Films", "/films/"),
        ("People", "/people/"),
        ("People, directors", "/people/?role=director"),
    ):
        if only in name:
            found[f"{name}, first reader after a change"] = timed(client, path, clock, before=change)
    return {
        name: (1000 * statistics.median(took), 1000 * statistics.quantiles(took, n=20)[-1], queries)
        for name, (took, queries) in found.items()
    }


def table(sizes: list[int], found: list[dict]) -> str:
    """All sizes side by side, with the growth from the first to the last."""
    heads = ["Page", "Queries", *(f"{size:,}: p50 | p95" for size in sizes), "p50 grows"]
    lines = ["| " + " | ".join(heads) + " |", "| --- " + "| --: " * (2 + 2 * len(sizes)) + "|"]
    for name in found[0]:
        rows = [size[name] for size in found]
        queries = "–".join(dict.fromkeys(str(row[2]) for row in rows))
        times = [f"{p50:.1f} | {p95:.1f}" for p50, p95, _queries in rows]
        lines.append("| " + " | ".join([name, queries, *times, f"{rows[-1][0] / rows[0][0]:.2f}"]) + " |")
    return "\n".join(lines)


@contextmanager
def database(postgresql: bool, folder: Path):
    """The environment of a process with a database of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "static").mkdir(exist_ok=True)
    own = {"SECRET_KEY": "only-for-the-bench-" * 3, "DATA_DIR": str(folder), "SITE_URL": "http://testserver"}
    with servers.postgresql() if postgresql else nullcontext("") as address:
        yield os.environ | own | ({"DATABASE_URL": address} if address else {}) | {"DEBUG": "false"}


def run_one(reviews: int, search: bool, only: str, clock) -> None:
    """Measure one size in this process, and print what was found as JSON."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django
    from django.conf import settings

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.CACHES["default"] = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    django.setup()
    print(json.dumps(measure(reviews, search, only, clock)))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    arguments.add_argument("--postgresql", action="store_true")
    arguments.add_argument("--no-search", action="store_true")
    arguments.add_argument("--keep", type=Path)
    arguments.add_argument("--only", default="", help="a word in the names of the pages to measure")
    arguments.add_argument("--cpu", action="store_true", help="time of the processor, for a busy machine; SQLite only")
    arguments.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.one:
        clock = time.process_time if chosen.cpu else time.perf_counter
        run_one(chosen.one, not chosen.no_search, chosen.only, clock)
        return
    found = []
    with tempfile.TemporaryDirectory(prefix="rushes-bench-") as temporary:
        for size in chosen.sizes:
            with database(chosen.postgresql, (chosen.keep or Path(temporary)) / str(size)) as environment:
                command = [sys.executable, "-m", "tests.bench_reading", "--one", str(size), "--only", chosen.only]
                command += ["--no-search"] * chosen.no_search + ["--cpu"] * chosen.cpu
                done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
                found.append(json.loads(done.stdout.splitlines()[-1]))
    print(table(list(chosen.sizes), found))


if __name__ == "__main__":
    main()
