"""Other titles of a film: stored, loaded from a file, printed on its page."""

import io
import json

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from films.models import Film, FilmTitle
from tests.factories import FilmFactory

pytestmark = pytest.mark.django_db


def titles(film):
    return list(film.other_titles.values_list("title", "language"))


@pytest.mark.parametrize("title", ["Banshun", ""])
def test_other_title_has_words_and_stands_once_a_film(title):
    film = FilmFactory(title="Late Spring")
    film.other_titles.create(title="Banshun", language="ja-Latn")
    FilmFactory(title="Another").other_titles.create(title="Banshun")

    with pytest.raises(IntegrityError), transaction.atomic():
        film.other_titles.create(title=title)


def test_language_is_a_code():
    film = FilmFactory()

    FilmTitle(film=film, title="Banshun", language="ja-Latn").full_clean()
    with pytest.raises(ValidationError) as caught:
        FilmTitle(film=film, title="Banshun", language="Japanese!").full_clean()

    assert list(caught.value.message_dict) == ["language"]


@pytest.fixture
def load(tmp_path):
    """Runs load_films on one row; what it printed and complained of."""

    def run(row):
        path, out, err = tmp_path / "films.jsonl", io.StringIO(), io.StringIO()
        path.write_text(json.dumps(row), "utf-8")
        try:
            call_command("load_films", str(path), stdout=out, stderr=err)
        except CommandError as error:
            err.write(str(error))
        return out.getvalue(), err.getvalue()

    return run


ROW = {
    "id": "f1",
    "title": "Bicycle Thieves",
    "original_title": "Ladri di biciclette",
    "other_titles": [
        "The  Bicycle Thief ",
        {"title": "Le Voleur de bicyclette", "language": "fr"},
        {"title": "Fahrraddiebe"},
        "Bicycle Thieves",
        "Ladri di biciclette",
        "The Bicycle Thief",
        "",
    ],
}
LOADED = [("The Bicycle Thief", ""), ("Le Voleur de bicyclette", "fr"), ("Fahrraddiebe", "")]


def test_other_titles_are_loaded_in_their_order_each_once(load):
    out, err = load(ROW)

    assert (out, err) == ("1 new, 0 completed, 0 unchanged, 0 skipped\n", "")
    assert titles(Film.objects.get()) == LOADED


def test_second_run_changes_nothing(load):
    load(ROW)

    out, _ = load(ROW)

    assert out.startswith("0 new, 0 completed, 1 unchanged")
    assert titles(Film.objects.get()) == LOADED


def test_film_with_an_editors_other_titles_keeps_them(load):
    film = FilmFactory(title="Bicycle Thieves", source_id="f1")
    film.other_titles.create(title="The Bike Thief")

    load(ROW)

    assert titles(film) == [("The Bike Thief", "")]


def test_what_an_editor_calls_the_film_is_no_other_title(load):
    film = FilmFactory(title="The Bicycle Thief", source_id="f1")

    load(ROW)

    assert titles(film) == LOADED[1:]


@pytest.mark.parametrize("language", ["Ruritanian", 7, ["fr"], "x" * 40])
def test_unknown_language_is_left_out_and_counted(load, language):
    out, _ = load({"title": "M", "other_titles": [{"title": "Murderers", "language": language}]})

    assert "unknown language: 1" in out
    assert titles(Film.objects.get()) == [("Murderers", "")]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("Murderers", "other_titles is not a list but text"),
        ([7], "other_titles has something other than titles in it: a number"),
        ([{"language": "fr"}], "other_titles has something other than titles in it: null"),
        (["x" * 301], "other_titles has 301 characters; the most is 300"),
        (["a\x00b"], "other_titles has a character that cannot be stored (U+0000)"),
    ],
)
def test_bad_other_titles_skip_the_line_and_say_why(load, given, reason):
    _, err = load({"title": "M", "other_titles": given})

    assert f"line 1: {reason}" in err
    assert not Film.objects.exists()


def test_film_page_prints_other_titles_in_their_languages(client):
    film = FilmFactory(title="Bicycle Thieves", original_title="Ladri di biciclette", original_language="it")
    film.other_titles.create(title="The <Bicycle> Thief")
    film.other_titles.create(title="Le Voleur de bicyclette", language="fr")

    page = BeautifulSoup(client.get(film.get_absolute_url()).content, "html5lib")

    label = page.find("dt", string="Also known as")
    printed = [label.find_next_sibling("dd"), label.find_next_siblings("dd")[1]]
    assert [(item.get_text(), item.i.get("lang")) for item in printed] == [
        ("The <Bicycle> Thief", None),
        ("Le Voleur de bicyclette", "fr"),
    ]
    movie = next(
        node
        for node in json.loads(page.find("script", type="application/ld+json").string)["@graph"]
        if node["@type"] == "Movie"
    )
    assert movie["alternateName"] == ["Ladri di biciclette", "The <Bicycle> Thief", "Le Voleur de bicyclette"]


def test_film_without_other_titles_prints_no_label(client):
    page = client.get(FilmFactory().get_absolute_url()).content.decode()

    assert "Also known as" not in page


def test_other_titles_cost_the_film_page_no_query(client, django_assert_num_queries):
    film = FilmFactory()
    for number in range(3):
        film.other_titles.create(title=f"Title {number}")

    with django_assert_num_queries(1):
        found = Film.objects.with_facts().get()
        assert [row["title"] for row in found.also_known_as] == ["Title 0", "Title 1", "Title 2"]
