"""`manage.py load_films`: real films in, nothing an editor wrote changed, bad lines named and counted."""

import gc
import gzip
import io
import json
import os
import pty
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError

from config.slugs import free_slugs
from films import importing
from films.importing import Report, load_films
from films.models import Credit, Film, FilmCountry, FilmLanguage, FormerFilmSlug, Genre, Role
from people.models import FormerPersonSlug, Person, PersonName
from tests.factories import CreditFactory, FilmFactory, PersonFactory

SAMPLE = Path(__file__).parent / "data" / "films-60.jsonl"

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(tmp_path):
    """Runs the command on rows (dicts, or raw bytes) and returns what it printed and its exit status."""

    def run(*rows, **options):
        path = tmp_path / "films.jsonl"
        path.write_bytes(
            b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows) + b"\n"
        )
        return run_on(path, **options)

    return run


def run_on(path, **options):
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command("load_films", str(path), stdout=out, stderr=err, **options)
    except CommandError as error:
        status = error.returncode
        err.write(str(error))
    return out.getvalue(), err.getvalue(), status


def everything():
    """All rows that the command can touch, times of change included."""
    models = (Film, Person, Credit, FilmCountry, FilmLanguage, Genre, Film.genres.through, FormerFilmSlug)
    return [list(model.objects.order_by("pk").values()) for model in models]


def names(film, role):
    return [credit.person.name for credit in film.credits.filter(role=role).select_related("person")]


# --- What is loaded


def test_all_facts_of_a_line_are_loaded_in_their_order(load):
    row = {
        "id": "f1",
        "title": "Werckmeister Harmonies",
        "original_title": "Werckmeister harmóniák",
        "year": 2000,
        "countries": ["HU", "IT", "DE"],
        "languages": ["hu"],
        "runtime": 145,
        "directors": ["Béla Tarr", "Ágnes Hranitzky"],
        "cinematographers": ["Gábor Medvigy"],
        "writers": ["László Krasznahorkai", "Béla Tarr"],
        "cast": ["Lars Rudolph", "Hanna Schygulla"],
        "genres": ["Drama", "Mystery"],
        "imdb_id": "tt0249241",
    }

    out, err, status = load(row)

    film = Film.objects.get()
    assert (out, err, status) == ("1 new, 0 completed, 0 unchanged, 0 skipped\n", "", 0)
    assert (film.title, film.original_title, film.original_language) == (row["title"], row["original_title"], "hu")
    assert (film.year, film.runtime, film.imdb_id, film.source_id) == (2000, 145, "tt0249241", "f1")
    assert (film.slug, film.sort_title) == ("werckmeister-harmonies-2000", "werckmeister harmonies")
    assert list(film.film_countries.values_list("country", "position")) == [("HU", 1), ("IT", 2), ("DE", 3)]
    assert list(film.film_languages.values_list("language", flat=True)) == ["hu"]
    assert sorted(film.genres.values_list("name", flat=True)) == ["Drama", "Mystery"]
    assert names(film, Role.DIRECTOR) == row["directors"]
    assert names(film, Role.WRITER) == row["writers"]
    assert names(film, Role.CINEMATOGRAPHER) == row["cinematographers"]
    assert names(film, Role.ACTOR) == row["cast"]
    tarr = Person.objects.get(name="Béla Tarr")
    assert (tarr.slug, tarr.sort_name, tarr.credits.count()) == ("bela-tarr", "Tarr, Béla", 2)


def test_original_title_of_a_film_in_several_languages_has_no_language(load):
    load({"title": "Contempt", "original_title": "Le Mépris", "year": 1963, "languages": ["fr", "en"]})

    assert Film.objects.get().original_language == ""


def test_film_is_filed_by_the_one_language_it_speaks(load):
    load({"title": "Die Mucklas", "languages": ["de"]}, {"title": "Die Hard", "languages": ["en"]})

    assert set(Film.objects.values_list("sort_title", flat=True)) == {"mucklas", "die hard"}

    load({"title": "Die Klapperschlange"})
    load({"title": "Die Klapperschlange", "languages": ["de"]})

    assert Film.objects.get(title="Die Klapperschlange").sort_title == "klapperschlange"


def test_sample_of_real_films_loads_and_a_second_run_changes_nothing():
    first = run_on(SAMPLE)
    before = everything()
    second = run_on(SAMPLE)

    assert first[0].startswith("59 new, 1 completed, 0 unchanged, 0 skipped\n")
    assert first[2] == second[2] == 0
    assert second[0].startswith("0 new, 0 completed, 60 unchanged, 0 skipped\n")
    assert everything() == before


def test_gzipped_file_is_read_whatever_it_is_called(tmp_path):
    path = tmp_path / "films"
    path.write_bytes(gzip.compress(SAMPLE.read_bytes()))

    assert run_on(path)[0].startswith("59 new")


def test_dry_run_counts_and_writes_nothing(load):
    out, _, status = load({"title": "M", "year": 1931, "directors": ["Fritz Lang"]}, dry_run=True)

    assert (out, status) == ("1 new, 0 completed, 0 unchanged, 0 skipped (dry run: nothing was written)\n", 0)
    assert not any(everything())


def test_blank_lines_and_a_byte_order_mark_are_ignored(load):
    out, _, status = load(b"\xef\xbb\xbf" + json.dumps({"title": "M"}).encode(), b"", b"   ")

    assert (out, status) == ("1 new, 0 completed, 0 unchanged, 0 skipped\n", 0)


# --- Known dirt


def test_names_are_trimmed_composed_and_once_a_role(load):
    load({"title": "M", "cast": [" Peter  Lorre\n", "Peter Lorre", "Zoe\u0308 K", "Zoë K"]})

    assert names(Film.objects.get(), Role.ACTOR) == ["Peter Lorre", "Zoë K"]


def test_credits_without_a_letter_are_left_out_and_counted(load):
    out, _, status = load({"title": "M", "cast": [")", "", "Peter Lorre", "…", "x" * 201], "directors": ["("]})

    assert names(Film.objects.get(), Role.ACTOR) == ["Peter Lorre"]
    assert "credit without a name: 5" in out
    assert status == 0


def test_title_with_lost_letters_is_loaded_with_a_warning(load):
    _, err, status = load({"title": "Am\ufffdlie", "year": 2001})

    assert Film.objects.get().slug == "am-lie-2001"
    assert "line 1: the title “Am\ufffdlie” has letters that were lost" in err
    assert status == 0


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (["SU", "CS", "YU", "DD"], ["SU", "CS", "YU", "DD"]),
        (["Cameroon", "United States", "South Korea", "West Germany"], ["CM", "US", "KR", "DE"]),
        (["fr", "FR", "France"], ["FR"]),
    ],
)
def test_countries_are_known_by_code_and_name(load, given, codes):
    load({"title": "M", "countries": given})

    assert list(Film.objects.get().film_countries.values_list("country", flat=True)) == codes


def test_unknown_country_is_reported_and_unknown_language_counted(load):
    out, err, status = load({"title": "M", "countries": ["Ruritania", "FR"], "languages": ["bho", "fr", "xx"]})

    assert "line 1: no country is called “Ruritania”" in err
    assert "unknown country: 1, unknown language: 2" in out
    assert list(Film.objects.get().film_languages.values_list("language", flat=True)) == ["fr"]
    assert status == 0


def test_genres_that_differ_in_capitals_or_signs_are_one(load):
    Genre.objects.create(name="Science Fiction")

    load(
        {"title": "A", "genres": ["Coming Of Age", "Science-Fiction"]},
        {"title": "B", "genres": ["Coming of Age", "Science Fiction"]},
    )

    assert sorted(Genre.objects.values_list("name", flat=True)) == ["Coming Of Age", "Science Fiction"]


def test_company_as_director_is_loaded_as_it_is(load):
    load({"title": "M", "directors": ["Studio Ghibli Inc. 2"]})

    assert names(Film.objects.get(), Role.DIRECTOR) == ["Studio Ghibli Inc. 2"]


# --- What is known already


def test_known_film_gains_only_what_it_lacks(load):
    film = FilmFactory(title="Edited title", year=1931, runtime=99, source_id="f1", directors=[PersonFactory()])
    FilmCountry.objects.create(film=film, country="DE")
    before = list(film.credits.values())

    out, _, _ = load(
        {
            "id": "f1",
            "title": "M",
            "year": 1930,
            "runtime": 117,
            "imdb_id": "tt0022100",
            "countries": ["FR"],
            "languages": ["de"],
            "genres": ["Crime"],
            "directors": ["Fritz Lang"],
            "cast": ["Peter Lorre"],
        }
    )

    film.refresh_from_db()
    assert out.startswith("0 new, 1 completed")
    assert (film.title, film.year, film.runtime, film.imdb_id) == ("Edited title", 1931, 99, "tt0022100")
    assert film.synopsis == FilmFactory.synopsis
    assert [row.country for row in film.film_countries.all()] == ["DE"]
    assert [row.language for row in film.film_languages.all()] == ["de"]
    assert list(film.credits.filter(role=Role.DIRECTOR).values()) == before
    assert names(film, Role.ACTOR) == ["Peter Lorre"]
    assert film.slug == "edited-title-1931"


@pytest.mark.parametrize(
    "row",
    [
        {"id": "f9", "imdb_id": "tt0022100", "title": "Quite another title"},
        {"id": "f9", "title": "m", "year": 1931, "directors": ["Lang Fritz"]},
        {"title": "M", "year": 1931, "directors": ["Somebody", "Fritz Lang"]},
    ],
)
def test_film_an_editor_entered_is_recognised(load, row):
    film = FilmFactory(title="M", year=1931, imdb_id="tt0022100", directors=[PersonFactory(name="Fritz Lang")])

    load(row)

    assert Film.objects.get() == film


@pytest.mark.parametrize(
    "row",
    [
        {"title": "M", "year": 1951, "directors": ["Fritz Lang"]},
        {"title": "M", "year": 1931, "directors": ["Joseph Losey"]},
        {"title": "M", "year": 1931},
        {"title": "M", "year": 1931, "directors": ["Fritz Lang"], "imdb_id": "tt0043766"},
        {"title": "The M", "year": 1931, "directors": ["Fritz Lang"]},
    ],
)
def test_film_that_only_resembles_a_known_one_is_another(load, row):
    FilmFactory(title="M", year=1931, imdb_id="tt0022100", directors=[PersonFactory(name="Fritz Lang")])

    out, _, _ = load(row)

    assert out.startswith("1 new")


def test_film_that_an_editor_filed_elsewhere_is_recognised(load):
    FilmFactory(title="Die Mucklas", filed_as="Pettersson", year=2022)

    out, _, _ = load({"title": "Die Mucklas", "year": 2022, "runtime": 80})

    assert out.startswith("0 new, 1 completed")
    assert Film.objects.get().sort_title == "pettersson"


def test_films_without_directors_are_one_by_title_and_year(load):
    film = FilmFactory(title="Newsreel", year=1922)

    load({"title": "Newsreel!", "year": 1922, "runtime": 8})

    film.refresh_from_db()
    assert film.runtime == 8
    assert Film.objects.count() == 1


def test_identifier_that_another_film_has_is_left_alone(load):
    mine = FilmFactory(title="M", source_id="f1")
    FilmFactory(title="M again", imdb_id="tt0022100")

    _, _, status = load({"id": "f1", "title": "M", "imdb_id": "tt0022100"})

    mine.refresh_from_db()
    assert (mine.imdb_id, status) == (None, 0)


def test_film_twice_in_one_file_is_one(load):
    out, _, _ = load(
        {"id": "f1", "title": "Sorry Angel", "year": 2018, "directors": ["Christophe Honoré"]},
        {
            "id": "f2",
            "title": "Sorry Angel",
            "year": 2018,
            "directors": ["Christophe Honore"],
            "cast": ["Vincent Lacoste"],
        },
        {"id": "f1", "title": "Sorry Angel", "year": 2018, "directors": ["Christophe Honoré"]},
    )

    assert out.startswith("1 new, 1 completed, 1 unchanged, 0 skipped")
    assert names(Film.objects.get(), Role.ACTOR) == ["Vincent Lacoste"]


def test_film_is_known_by_an_identifier_it_gained_a_line_before(load):
    FilmFactory(title="M", source_id="f1")

    out, _, _ = load(
        {"id": "f1", "title": "M", "imdb_id": "tt0022100"},
        {"id": "f2", "title": "M – Eine Stadt sucht einen Mörder", "imdb_id": "tt0022100", "runtime": 117},
    )

    assert out.startswith("0 new, 2 completed")
    assert Film.objects.get().runtime == 117


def test_completed_year_moves_the_address_and_the_old_one_still_leads_there(load):
    film = FilmFactory(title="M", year=None, source_id="f1")

    load({"id": "f1", "title": "M", "year": 1931})

    film.refresh_from_db()
    assert film.slug == "m-1931"
    assert FormerFilmSlug.objects.get().slug == "m"


def test_original_title_equal_to_the_editors_title_is_not_repeated(load):
    film = FilmFactory(title="Léon", source_id="f1")

    load({"id": "f1", "title": "Léon: The Professional", "original_title": "Léon", "languages": ["fr"]})

    film.refresh_from_db()
    assert (film.original_title, film.original_language) == ("", "")


# --- People of one name


def test_person_without_years_is_chosen_among_namesakes(load):
    PersonFactory(name="Steve McQueen", birth_year=1930)
    plain = PersonFactory(name="Steve McQueen")
    PersonFactory(name="Steve McQueen")

    load({"title": "Hunger", "directors": ["Steve McQueen"]})

    assert Film.objects.get().credits.get().person == plain


def test_person_who_is_on_the_film_already_is_chosen_among_namesakes(load):
    PersonFactory(name="Harrison Ford")
    elder = PersonFactory(name="Harrison Ford", birth_year=1884)
    film = FilmFactory(title="Up in Mabel's Room", year=1926, source_id="f1")
    CreditFactory(film=film, person=elder, role=Role.PRODUCER)

    load({"id": "f1", "title": "Up in Mabel's Room", "cast": ["Harrison Ford"]})

    assert film.credits.get(role=Role.ACTOR).person == elder


def test_names_that_only_resemble_each_other_are_two_people(load):
    load({"title": "M", "cast": ["Jose Ferrer", "José Ferrer", "JOSE FERRER"]})

    assert sorted(Person.objects.values_list("slug", flat=True)) == ["jose-ferrer", "jose-ferrer-2", "jose-ferrer-3"]


@pytest.mark.parametrize("name", ["Wong Kar Wai", "Kar Wai Wong", "WONG KAR-WAI"])
def test_person_is_known_by_another_name_on_record_whatever_its_spelling(load, name):
    wong = PersonFactory(name="Wong Kar-wai")
    PersonName.objects.create(person=wong, name="Wong Kar Wai")

    load({"title": "Happy Together", "directors": [name], "writers": [name]})

    assert [(credit.person, credit.credited_as) for credit in Credit.objects.all()] == [(wong, ""), (wong, "")]


def test_other_name_is_kept_on_the_credit_and_a_second_run_changes_nothing(load):
    wong = PersonFactory(name="Wong Kar-wai")
    PersonName.objects.create(person=wong, name="王家衛", language="zh")
    rows = {"title": "Happy Together", "year": 1997, "directors": ["王家衛", "Wong Kar-wai"]}

    load(rows)
    out, _, _ = load(rows)

    assert out.startswith("0 new, 0 completed, 1 unchanged")
    credit = Credit.objects.get()
    assert (credit.person, credit.credited_as) == (wong, "王家衛")


def test_other_name_of_two_people_means_neither(load):
    for person in PersonFactory.create_batch(2):
        PersonName.objects.create(person=person, name="Alan Smithee")

    load({"title": "Death of a Gunfighter", "directors": ["Alan Smithee"]})

    assert Credit.objects.get().person.name == "Alan Smithee"
    assert Person.objects.count() == 3


def test_own_name_counts_before_another_persons_other_name(load):
    own = PersonFactory(name="Zhang Wei")
    PersonName.objects.create(person=PersonFactory(), name="Zhang Wei")

    load({"title": "Somewhere", "directors": ["Zhang Wei"]})

    assert Credit.objects.get().person == own


# --- Addresses


def test_addresses_are_those_that_saving_one_by_one_gives(load):
    titles = ["M", "$", "[REC]", "8½", "千と千尋の神隠し", "…And Justice for All", "M 2", "M", "M", "m", "M-2"]
    directors = [f"Director {'ABCDEFGHIJK'[n]}" for n in range(len(titles))]
    gone = FilmFactory(title="REC", year=None)
    gone.slug = "elsewhere"
    gone.save()
    FilmFactory(title="M", year=None)
    expected = []
    for title in titles:
        expected.append(FilmFactory(title=title, year=None).slug)
    Film.objects.filter(slug__in=expected).delete()

    load(*({"title": title, "directors": [name]} for title, name in zip(titles, directors, strict=True)))

    loaded = Film.objects.filter(credits__isnull=False).order_by("pk")
    assert [film.slug for film in loaded] == expected
    assert "rec-2" in expected


def test_former_address_of_a_person_is_not_given_away(load):
    ann = PersonFactory(name="Ann Other")
    ann.name = "Ann Married"
    ann.save()

    load({"title": "M", "cast": ["Ann Other"]})

    assert FormerPersonSlug.objects.get().slug == "ann-other"
    assert Person.objects.get(name="Ann Other").slug == "ann-other-2"


# --- Bad lines


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"title": "M", "year": 12}', "line 2: year 12 is before 1888"),
        (b'{"title": "M", "year": 2999}', "line 2: year 2999 is after 2100"),
        (b'{"title": "M", "year": "1931"}', "line 2: year is not a whole number but text"),
        (b'{"title": "M", "year": true}', "line 2: year is not a whole number but true or false"),
        (b'{"title": "M", "year": 1931.5}', "line 2: year is not a whole number but a fraction"),
        (b'{"title": "M", "year": NaN}', "line 2: year is not a whole number but NaN"),
        (b'{"title": "M", "runtime": -5}', "line 2: runtime -5 is less than 1"),
        (b'{"title": "M", "runtime": 99999}', "line 2: runtime 99999 is more than 6000"),
        (b'{"title": "M"', "line 2: it is not JSON"),
        (b"M (1931)", "line 2: it is not JSON"),
        (b'["M"]', "line 2: it is not a JSON object"),
        (b'{"year": 1931}', "line 2: it has no title"),
        (b'{"title": "  "}', "line 2: it has no title"),
        (b'{"title": 5}', "line 2: title is not text but a number"),
        (b'{"title": "' + b"M" * 301 + b'"}', "line 2: title has 301 characters; the most is 300"),
        (b'{"title": "M\\u0000"}', "line 2: title has a character that cannot be stored (U+0000)"),
        (b'{"title": "M", "cast": ["A\\u0000"]}', "line 2: cast has a character that cannot be stored (U+0000)"),
        (b'{"title": "M\\ud800"}', "line 2: title has a character that cannot be stored (U+D800)"),
        (b'{"title": "M\\u000b"}', "line 2: title has a character that cannot be stored (U+000B)"),
        (b'{"title": "M\xff"}', "line 2: it is not UTF-8 text"),
        (b'{"title": "M", "cast": "Peter Lorre"}', "line 2: cast is not a list but text"),
        (b'{"title": "M", "cast": [["Peter"]]}', "line 2: cast has something other than text in it: a list"),
        (b'{"title": "M", "countries": {"DE": 1}}', "line 2: countries is not a list but an object"),
        (b'{"title": "M", "imdb_id": "22100"}', "line 2: imdb_id '22100' is not like tt0074749"),
        (b'{"title": "M", "year": ' + b"9" * 5000 + b"}", "line 2: it has a number too long to be read"),
        (b"[" * 100_000, "line 2: it is"),
        (b'{"title": "M", "x": "' + b"y" * (3 * 2**20) + b'"}', "line 2: it is longer than 1,048,576 bytes"),
    ],
)
def test_bad_line_is_named_skipped_and_counted(load, line, reason):
    out, err, status = load({"title": "Before"}, line, {"title": "After"})

    assert reason in err
    assert "1 line was skipped." in err
    assert out.startswith("2 new, 0 completed, 0 unchanged, 1 skipped")
    assert status == 1
    assert sorted(Film.objects.values_list("title", flat=True)) == ["After", "Before"]


def test_missing_file_is_named(tmp_path):
    out, err, status = run_on(tmp_path / "none.jsonl")

    assert (out, status) == ("", 1)
    assert "none.jsonl cannot be read: No such file or directory." in err


def test_folder_is_refused(tmp_path):
    assert "cannot be read: Is a directory." in run_on(tmp_path)[1]


def test_file_that_only_says_gz_is_refused(tmp_path):
    path = tmp_path / "films.jsonl.gz"
    path.write_text("{}")

    assert "is not a gzip file, whatever its name says." in run_on(path)[1]


def test_cut_off_gzip_loads_what_is_whole_and_says_where_it_ends(tmp_path):
    path = tmp_path / "films.jsonl.gz"
    whole = gzip.compress(SAMPLE.read_bytes())
    path.write_bytes(whole[: len(whole) * 2 // 3])

    out, err, status = run_on(path)

    assert Film.objects.count() > 10
    assert out.startswith(f"{Film.objects.count()} new")
    assert "is damaged or cut off after line" in err
    assert status == 1


# --- Interruption, others at work, size


class _Stop:
    """Lines that end as Ctrl-C ends them."""

    def __init__(self, rows):
        self.rows = rows

    def __iter__(self):
        yield from enumerate(self.rows, 1)
        raise KeyboardInterrupt


def made(count):
    """That many lines of films with five credits, two countries and a genre each."""
    for n in range(count):
        yield json.dumps(
            {
                "id": f"g{n}",
                "title": f"Made film {n}",
                "year": 1900 + n % 100,
                "countries": ["FR", "DE"],
                "genres": ["Drama"],
                "directors": [f"Director {n % 50}x"],
                "cast": [f"Actor {n}x{m}" for m in range(4)],
            }
        ).encode()


def test_interrupted_run_leaves_complete_films_and_can_be_taken_up(monkeypatch):
    monkeypatch.setattr(importing, "BATCH_SIZE", 10)
    report = Report()

    with pytest.raises(KeyboardInterrupt):
        load_films(_Stop(made(25)), report, tell=pytest.fail)
    assert report.new == Film.objects.count() == 20
    assert all(film.credits.count() == 5 for film in Film.objects.all())

    again = Report()
    load_films(enumerate(made(25), 1), again, tell=pytest.fail)
    assert (again.unchanged, again.new) == (20, 5)


def test_failure_within_a_batch_leaves_none_of_its_films(monkeypatch):
    class Unplugged(Exception):
        pass

    def unplugged(*_args, **_options):
        raise Unplugged

    monkeypatch.setattr(Credit.objects, "bulk_create", unplugged)

    with pytest.raises(Unplugged):
        load_films(enumerate(made(5), 1), Report(), tell=pytest.fail)

    assert not any(everything())


def test_batch_that_meets_another_writer_is_taken_film_by_film(monkeypatch):
    """Between our look and our write somebody saves a film at the address we chose, once."""
    others = [True]

    def with_another_writer(model, sources):
        slugs = free_slugs(model, sources)
        if model is Film and others:
            others.pop()
            Film.objects.bulk_create([Film(title="Theirs", slug=slugs[1], sort_title="theirs")])
            raise IntegrityError("slug")
        return slugs

    monkeypatch.setattr(importing, "free_slugs", with_another_writer)
    report = Report()

    load_films(enumerate(made(3), 1), report, tell=pytest.fail)

    assert str(report) == "3 new, 0 completed, 0 unchanged, 0 skipped"
    assert Film.objects.filter(credits__isnull=False).distinct().count() == 3


def test_line_the_database_keeps_refusing_is_skipped_alone(monkeypatch):
    def refusing(model, sources):
        if any("made-film-1-" in source for source in sources):
            raise IntegrityError("the slug is taken\nDETAIL: again")
        return free_slugs(model, sources)

    monkeypatch.setattr(importing, "free_slugs", refusing)
    report, said = Report(), []

    load_films(enumerate(made(3), 1), report, tell=said.append)

    assert str(report) == "2 new, 0 completed, 0 unchanged, 1 skipped"
    assert said == ["line 2: the database refused it (the slug is taken)"]


def test_database_that_is_gone_ends_the_run(monkeypatch):
    def gone(model, sources):
        raise OperationalError("database is locked")

    monkeypatch.setattr(importing, "free_slugs", gone)

    with pytest.raises(OperationalError):
        load_films(enumerate(made(2), 1), Report(), tell=pytest.fail)


def test_queries_do_not_grow_with_the_batch(django_assert_max_num_queries):
    with django_assert_max_num_queries(45):
        load_films(enumerate(made(200), 1), Report(), tell=pytest.fail)


def peak(numbers):
    """The most memory that loading so many new films takes, in bytes, not counting what only awaits collection."""

    def lines():
        for number in numbers:
            if number % 100 == 0:
                gc.collect()
            yield number, json.dumps({"title": f"Made film {number}", "directors": [f"Director {number}x"]}).encode()

    tracemalloc.start()
    try:
        load_films(lines(), Report(), tell=pytest.fail)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file(monkeypatch):
    monkeypatch.setattr(importing, "BATCH_SIZE", 100)
    gc.freeze()  # what is there before is not searched again and again
    try:
        peak(range(200))  # fills the caches that stay
        small, large = peak(range(1_000, 1_300)), peak(range(2_000, 3_500))
    finally:
        gc.unfreeze()

    assert Film.objects.count() == 2000
    assert large < small * 1.25


def test_progress_is_shown_on_a_terminal_only(tmp_path):
    """In a process of its own on a pseudo-terminal; its file holds no film, so it needs no database."""
    path = tmp_path / "films.jsonl"
    path.write_text("{}\n")
    master, slave = pty.openpty()
    with os.fdopen(master, "rb", buffering=0) as screen:
        done = subprocess.run(
            [sys.executable, "manage.py", "load_films", str(path), "--dry-run"], stdout=slave, stderr=slave, timeout=60
        )
        seen = screen.read(4096).decode()

    assert done.returncode == 1
    assert "Loading films" in seen
    assert "line 1: it has no title" in seen
    assert "Loading films" not in "".join(run_on(path)[:2])
