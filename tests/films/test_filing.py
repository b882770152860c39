"""The words that an index files a title under."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from films.filing import ARTICLES, possible_sort_titles, sort_title_from
from films.models import Film, FilmLanguage
from people.models import Person
from tests.factories import FilmFactory, PersonFactory


@pytest.mark.parametrize(
    ("title", "language", "original_title", "filed"),
    [
        ("Les Misérables", "fr", "", "miserables"),
        ("L’Atalante", "fr", "", "atalante"),
        ("L'Atalante", "", "", "atalante"),
        ("Un prophète", "fr", "", "prophete"),
        ("À bout de souffle", "fr", "", "a bout de souffle"),
        ("Die Blechtrommel", "de", "", "blechtrommel"),
        ("Die Hard", "en", "", "die hard"),
        ("Die Hard", "", "", "die hard"),
        ("Das Boot", "", "", "boot"),
        ("El sur", "es", "", "sur"),
        ("Gli indifferenti", "it", "", "indifferenti"),
        ("I vitelloni", "it", "", "vitelloni"),
        ("I, Daniel Blake", "en", "", "i daniel blake"),
        ("O Brother, Where Art Thou?", "en", "", "o brother where art thou"),
        ("O Pagador de Promessas", "pt", "", "pagador de promessas"),
        ("As Tears Go By", "zh", "旺角卡門", "as tears go by"),
        ("De aanslag", "nl", "", "aanslag"),
        ("De Palma", "en", "", "de palma"),
        ("Den brysomme mannen", "no", "", "brysomme mannen"),
        ("Det sjunde inseglet", "sv", "", "sjunde inseglet"),
        ("A Man Escaped", "fr", "Un condamné à mort s’est échappé", "man escaped"),
        ("A nos amours", "fr", "", "a nos amours"),
        ("Les Enfants du paradis", "fr", "Les Enfants du Paradis", "enfants du paradis"),
        ("The Artist", "fr", "", "artist"),
        ("The The", "en", "", "the"),
        ("A", "en", "", "a"),
        ("L'", "fr", "", "l"),
        ("東京物語", "ja", "", "東京物語"),
    ],
)
def test_article_is_dropped_by_the_language_of_the_title(title, language, original_title, filed):
    assert sort_title_from(title, language, original_title) == filed


@pytest.mark.parametrize(
    ("title", "spoken", "filed"),
    [
        ("La La Land", ["en"], "la la land"),
        ("La La Land", [], "la la land"),
        ("La La Land", ["en", "fr"], "la la land"),
        ("El Camino: A Breaking Bad Movie", ["en"], "el camino a breaking bad movie"),
        ("Los Angeles Plays Itself", ["en"], "los angeles plays itself"),
        ("Los Angeles Plays Itself", [], "los angeles plays itself"),
        ("Los sobrevivientes", ["es"], "sobrevivientes"),
        ("Lo and Behold", [], "lo and behold"),
        ("Die Mucklas", ["de"], "mucklas"),
        ("Die Hard", ["en"], "die hard"),
        ("Die Hard", ["en", "de"], "die hard"),
        ("Un trabajo y una película", [], "trabajo y una pelicula"),
        ("Das Boot", ["de", "en"], "boot"),
        ("A Hero", ["fa"], "hero"),
        ("The Artist", ["fr"], "artist"),
        ("I Am Love", ["it"], "i am love"),
        ("La Ciénaga", ["es-AR", "es"], "cienaga"),
        ("Les Misérables", ["en"], "les miserables"),
    ],
)
def test_language_spoken_is_a_hint_where_that_of_the_title_is_not_known(title, spoken, filed):
    assert sort_title_from(title, spoken=spoken) == filed


@given(
    st.text(max_size=40),
    st.sampled_from(["", *ARTICLES, "ja"]),
    st.sampled_from(["", "Die X", "x"]),
    st.lists(st.sampled_from([*ARTICLES, "ja"]), max_size=2),
)
def test_film_is_found_under_one_of_its_possible_titles_whatever_its_language(title, language, original_title, spoken):
    assert sort_title_from(title, language, original_title, spoken) in possible_sort_titles(title)


@pytest.mark.django_db
def test_film_is_filed_anew_when_its_language_is_entered():
    film = FilmFactory(title="Die Ehe der Maria Braun")
    assert film.sort_title == "die ehe der maria braun"

    film.original_language = "de"
    film.save(update_fields=["original_language"])

    assert Film.objects.get().sort_title == "ehe der maria braun"


@pytest.mark.django_db
def test_film_is_filed_anew_when_the_language_spoken_is_entered():
    film = FilmFactory(title="Die Mucklas")
    assert film.sort_title == "die mucklas"

    FilmLanguage.objects.create(film=film, language="de")
    film.refile()

    assert Film.objects.get().sort_title == "mucklas"


@pytest.mark.django_db
def test_editor_has_the_last_word():
    film = FilmFactory(title="Los Angeles Plays Itself", original_language="es", filed_as="Los Angeles Plays Itself")
    assert film.sort_title == "los angeles plays itself"

    film.filed_as = ""
    film.save()

    assert Film.objects.get().sort_title == "angeles plays itself"


@pytest.mark.django_db
def test_films_entered_before_are_filed_by_the_languages_they_speak():
    film, other = FilmFactory(title="Die Mucklas"), FilmFactory(title="Die Hard")
    FilmLanguage.objects.create(film=film, language="de")
    FilmLanguage.objects.create(film=other, language="en")

    migration = import_module("films.migrations.0006_refile_by_languages")
    migration.refile(apps, SimpleNamespace(connection=connection))

    assert list(Film.objects.by_title().values_list("sort_title", flat=True)) == ["die hard", "mucklas"]


@pytest.mark.django_db
def test_every_database_files_by_the_code_of_the_characters():
    """PostgreSQL would otherwise pass over the space in many languages."""
    for title in ("Vanda", "Van Gogh", "Van", "van-der", "東京物語", "Zola"):
        FilmFactory(title=title, filed_as=title)
        PersonFactory(name=title, sort_name=title)

    expected = ["van", "van der", "van gogh", "vanda", "zola", "東京物語"]
    assert list(Film.objects.by_title().values_list("sort_title", flat=True)) == expected
    assert list(Person.objects.by_name().values_list("sort_key", flat=True)) == expected


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite knows no other order")
def test_order_does_not_depend_on_the_language_of_the_database():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE collation_name = 'C' "
            "AND column_name IN ('sort_title', 'sort_key') ORDER BY 1"
        )
        assert cursor.fetchall() == [("films_film", "sort_title"), ("people_person", "sort_key")]
