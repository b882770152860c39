"""Other titles of a film, entered in its form."""

import pytest
from django.urls import reverse

from tests.admin.conftest import errors, form_data
from tests.factories import FilmFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(sign_in, editor):
    return sign_in(editor)


@pytest.fixture
def film():
    film = FilmFactory(title="Late Spring")
    film.other_titles.create(title="Banshun", language="ja-Latn")
    return film


def save(desk, film, **row):
    """Give the form a second other title; the answer."""
    address = reverse("admin:films_film_change", args=[film.pk])
    data = form_data(desk.get(address)) | {"other_titles-TOTAL_FORMS": 2, "other_titles-1-film": film.pk}
    return desk.post(address, data | {f"other_titles-1-{name}": value for name, value in row.items()})


def test_editor_adds_an_other_title(desk, film):
    response = save(desk, film, title="晩春の頃", language="ja")

    assert response.status_code == 302
    assert list(film.other_titles.values_list("title", "language")) == [("Banshun", "ja-Latn"), ("晩春の頃", "ja")]


def test_title_the_film_has_already_is_refused_in_words(desk, film):
    response = save(desk, film, title="Banshun", language="")

    assert errors(response)["other_titles-1-title"] == ["The film already has this title."]
    assert film.other_titles.count() == 1


def test_language_that_is_no_code_is_refused_in_words(desk, film):
    response = save(desk, film, title="Printemps tardif", language="French")

    assert errors(response)["other_titles-1-language"] == ["Use a language code such as fr, ja or zh-Hant (ISO 639-1)."]
    assert film.other_titles.count() == 1
