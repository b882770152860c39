"""The words that an index files a title under."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from films.filing import ARTICLES, possible_sort_titles, sort_title_from
from films.models import Film
from tests.factories import FilmFactory


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


@given(st.text(max_size=40), st.sampled_from(["", *ARTICLES, "ja"]), st.sampled_from(["", "Die X", "x"]))
def test_film_is_found_under_one_of_its_possible_titles_whatever_its_language(title, language, original_title):
    assert sort_title_from(title, language, original_title) in possible_sort_titles(title)


@pytest.mark.django_db
def test_film_is_filed_anew_when_its_language_is_entered():
    film = FilmFactory(title="Die Ehe der Maria Braun")
    assert film.sort_title == "die ehe der maria braun"

    film.original_language = "de"
    film.save(update_fields=["original_language"])

    assert Film.objects.get().sort_title == "ehe der maria braun"
