"""Pictures served by the site itself."""

import pytest
from django.core.files.storage import default_storage

from tests.factories import picture_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored(settings):
    return default_storage.save("stills/ab/abcd.jpg", picture_file())


def test_picture_is_served_for_ever_and_never_guessed_at(client, stored):
    response = client.get(f"/media/{stored}")

    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not response.cookies


def test_browser_that_has_the_picture_is_told_so(client, stored):
    seen = client.get(f"/media/{stored}")["Last-Modified"]

    assert client.get(f"/media/{stored}", headers={"If-Modified-Since": seen}).status_code == 304


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "script.js", "no-ending"])
def test_only_pictures_are_served_whatever_lies_in_the_folder(client, name):
    stored = default_storage.save(name, picture_file())

    assert client.get(f"/media/{stored}").status_code == 404


@pytest.mark.parametrize(
    "path", ["../secret_key", "..%2fsecret_key", "stills/", "missing.jpg", "%00.jpg", "a" * 300 + ".jpg"]
)
def test_nothing_outside_the_folder_is_reached(client, path):
    assert client.get(f"/media/{path}").status_code == 404
