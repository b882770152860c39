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
    "a phrase of a title": '"lost garden"', "stop words": "the of and", "a phrase of stop words": "to be or not to be", "nothing": "qwxzjkvb", "a name and a word": "tarkovsky mirror",
    "many words": "slow camera light shadow river winter memory train garden", "a year": "1975", "hostile": '") OR 1=1 --',
}  # fmt: skip
TIMES = 9
KNOWN = """lost garden mirror mirrors river winter memory train night summer house wind stone water fire sea""".split()  # noqa: SIM905
COMMON = """film camera light shadow slow running river winter memory train garden""".split()  # noqa: SIM905
STOP = """the of and a in to it is that with as for be or not""".split()  # noqa: SIM905
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
    from reviews.search.index import catch_up, engine

    call_command("migrate", verbosity=0)
    is_new = not Film.objects.exists()
    began = time.monotonic()
    if is_new:
        fill(reviews, films)
        print(f"filled in {time.monotonic() - began:.0f} s", flush=True)
    began = time.monotonic()
    if count := catch_up(3600):
        engine().optimise()  # what PostgreSQL's autovacuum does in time: without statistics it reads all there is
    print(f"indexed {count:,} changes in {time.monotonic() - began:.0f} s", flush=True)


def measure() -> None:
    """Print a table. Other work on the machine makes the wall clock run on; "cpu" is this process's own time, which on
    PostgreSQL leaves out the server's."""
    from django.test import Client

    client = Client()
    took = {path: {"wall": [], "cpu": []} for path in ("/search/", "/search/suggest")}
    print(f"{'':<26}{'page':^30}{'suggestions':^30}")
    print(f"{'query':<26}" + f"{'wall p50':>10}{'cpu p50':>10}{'cpu most':>10}" * 2, flush=True)
    for name, query in QUERIES.items():
        cells = ""
        for path, everything in took.items():
            answer(client, path, query)
            times = [answer(client, path, query) for _ in range(TIMES)]
            wall, cpu = ([1000 * value for value in values] for values in zip(*times, strict=True))
            everything["wall"] += wall
            everything["cpu"] += cpu
            cells += f"{statistics.median(wall):>10.1f}{statistics.median(cpu):>10.1f}{max(cpu):>10.1f}"
        print(f"{name:<26}{cells}", flush=True)
    for path, everything in took.items():
        for clock, times in everything.items():
            parts = statistics.quantiles(times, n=100)
            print(f"{path:<16}{clock:<5} p50 {parts[49]:.1f} ms, p95 {parts[94]:.1f} ms, most {max(times):.1f} ms")


def answer(client, path: str, query: str) -> tuple[float, float]:
    """How long one answer takes by the clock on the wall and of the processor, in seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    response = client.get(path, {"q": query})
    assert response.status_code == 200
    return time.perf_counter() - wall, time.process_time() - cpu


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
