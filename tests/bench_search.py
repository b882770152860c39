"""`python -m tests.bench_search`: how long a search takes with 20,000 reviews and 100,000 films.

Makes a database of its own in a temporary folder (SQLite, or PostgreSQL if DATABASE_URL says so), fills and indexes
it, and asks each query several times as a page and as suggestions, in this process, without the page cache. Takes
some minutes; `--reviews` and `--films` make it smaller, `--keep FOLDER` keeps the database for the next run.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

QUERIES = {
    "a name": "Tarkovsky", "a name misspelt": "tarkosvky", "two words, one misspelt": "yasujiro osu ozuu",
    "a name in its script": "小津安二郎", "part of one": "小津", "without accents": "amelie", "a full title": "the lost garden of mirrors",
    "a beginning": "mirr", "two letters": "la", "one letter": "l", "the commonest word": "film", "two common words": "film camera",
    "three common words": "film camera light", "a stem": "running", "a rare word": "zoetrope", "a phrase": '"camera light"',
    "a phrase of a title": '"lost garden"', "stop words": "the of and", "nothing": "qwxzjkvb", "a name and a word": "tarkovsky mirror",
    "many words": "slow camera light shadow river winter memory train garden", "a year": "1975", "hostile": '") OR 1=1 --',
}  # fmt: skip
TIMES = 9
KNOWN = """lost garden mirror mirrors river winter memory train night summer house wind stone water fire sea""".split()  # noqa: SIM905
COMMON = """film camera light shadow slow running river winter memory train garden""".split()  # noqa: SIM905
STOP = """the of and a in to it is that with as for""".split()  # noqa: SIM905
ALPHABET = "bdfgklmnprstv"


def words(chance: random.Random, count: int) -> list[str]:
    """Words nobody has seen before, long and short."""
    made = {
        "".join(chance.choice(ALPHABET) + chance.choice("aeiou") for _ in range(chance.randint(2, 4))) + chance.choice(["", "n", "r", "s"])
        for _ in range(count * 2)
    }  # fmt: skip
    return sorted(made)[:: max(1, len(made) // count)][:count]


def fill(reviews: int, films: int) -> None:
    """Films with people, and reviews with some 600 words each, written past the models' own saving."""
    from django.contrib.contenttypes.models import ContentType
    from django.utils import timezone
    from taggit.models import Tag, TaggedItem

    from films.models import Credit, Film, Role
    from people.models import Person, PersonName
    from reviews.models import Author, Publication, Review, ReviewByline

    chance = random.Random(1)
    title_words, names = words(chance, 30_000) + KNOWN * 400, words(chance, 30_000)
    text_words = COMMON * 60 + words(chance, 8000)
    text_words += STOP * 500
    Publication(name="Bench").save()
    people = [
        Person(name=f"{chance.choice(names).title()} {chance.choice(names).title()}") for _ in range(films * 3 // 10)
    ]
    people[:2] = [Person(name="Andrei Tarkovsky"), Person(name="Yasujirō Ozu")]
    for place, person in enumerate(people):
        person.slug, person.sort_name = f"p-{place}", person.name
    people = Person.objects.bulk_create(people, batch_size=5000)
    PersonName.objects.create(person=people[1], name="小津安二郎", language="ja")
    made = [
        Film(
            title=" ".join(chance.choices(title_words, k=chance.randint(1, 4))).capitalize(),
            original_title=" ".join(chance.choices(names, k=2)) if place % 2 else "",
            year=1900 + place % 120, slug=f"f-{place}", synopsis=" ".join(chance.choices(text_words, k=60)),
        )
        for place in range(films)
    ]  # fmt: skip
    made[0].title, made[1].title = "The Lost Garden of Mirrors", "Le Fabuleux Destin d’Amélie Poulain"
    for film in made:
        film.sort_title = film.title.lower()
    made = Film.objects.bulk_create(made, batch_size=5000)
    roles = [Role.DIRECTOR, Role.WRITER, Role.CINEMATOGRAPHER, Role.ACTOR, Role.ACTOR]
    for start in range(0, films, 5000):
        Credit.objects.bulk_create(
            Credit(film=film, person=person, role=role, position=position)
            for film in made[start : start + 5000]
            for position, (role, person) in enumerate(zip(roles, chance.sample(people, 5), strict=True))
        )
    author = Author(name="Otto Splice")
    author.save()
    now = timezone.now()
    for start in range(0, reviews, 2000):
        batch = Review.objects.bulk_create(
            Review(
                film=made[place], slug=f"r-{place}", state="published", published_at=now, standfirst="One sentence to underline.",
                body="<p>" + " ".join(chance.choices(text_words, k=600)) + (" zoetrope" if place == 77 else "") + ".</p>",
            )
            for place in range(start, min(start + 2000, reviews))
        )  # fmt: skip
        ReviewByline.objects.bulk_create(ReviewByline(review=review, author=author) for review in batch)
    tags = [Tag.objects.create(name=f"theme {word}", slug=f"theme-{word}") for word in KNOWN]
    kind = ContentType.objects.get_for_model(Review)
    TaggedItem.objects.bulk_create(
        TaggedItem(tag=chance.choice(tags), content_type=kind, object_id=pk)
        for pk in Review.objects.values_list("pk", flat=True)
    )


def prepare(reviews: int, films: int) -> None:
    from django.core.management import call_command

    from films.models import Film
    from reviews.search.index import catch_up

    call_command("migrate", verbosity=0)
    is_new = not Film.objects.exists()
    began = time.monotonic()
    if is_new:
        fill(reviews, films)
        print(f"filled in {time.monotonic() - began:.0f} s", flush=True)
    began = time.monotonic()
    count = catch_up(3600)
    print(f"indexed {count:,} changes in {time.monotonic() - began:.0f} s", flush=True)


def measure() -> None:
    from django.db import connection, reset_queries
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    connection.force_debug_cursor = True
    client, everything = Client(), {"page": [], "suggestions": []}
    print(f"{'query':<26}{'page p50':>9}{'max':>7}{'SQL':>7}{'queries':>9}{'suggest p50':>13}   results")
    for path in ("/search/", "/search/suggest"):
        client.get(path, {"q": "warm up"})
    for name, query in QUERIES.items():
        times, databases, found = [], [], None
        for _ in range(TIMES):
            reset_queries()
            began = time.perf_counter()
            response = client.get("/search/", {"q": query})
            times.append(time.perf_counter() - began)
            databases.append(sum(float(entry["time"]) for entry in connection.queries))
            assert response.status_code == 200
            found = response.context.get("found")
        queries, suggested = len(connection.queries), []
        for _ in range(TIMES):
            began = time.perf_counter()
            client.get("/search/suggest", {"q": query})
            suggested.append(time.perf_counter() - began)
        everything["page"] += times
        everything["suggestions"] += suggested
        p50, longest, sql, suggestion = (
            1000 * value
            for value in (
                statistics.median(times),
                max(times),
                statistics.median(databases),
                statistics.median(suggested),
            )
        )
        total = found.total if found else 0
        print(f"{name:<26}{p50:>9.1f}{longest:>7.1f}{sql:>7.1f}{queries:>9}{suggestion:>13.1f}   {total:,}", flush=True)
    for what, times in everything.items():
        parts = statistics.quantiles(times, n=100)
        print(
            f"all {what}: p50 {1000 * parts[49]:.1f} ms, p95 {1000 * parts[94]:.1f} ms, most {1000 * max(times):.1f} ms"
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--reviews", type=int, default=20_000)
    arguments.add_argument("--films", type=int, default=100_000)
    arguments.add_argument("--keep", type=Path)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="rushes-bench-") as folder:
        folder = chosen.keep or Path(folder)
        (folder / "static").mkdir(parents=True, exist_ok=True)
        own = {"SECRET_KEY": "only-for-the-bench-" * 3, "DATA_DIR": str(folder), "SITE_URL": "http://testserver"}
        os.environ |= own | {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "false"}
        import django
        from django.conf import settings

        settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
        django.setup()
        prepare(chosen.reviews, chosen.films)
        measure()


if __name__ == "__main__":
    main()
