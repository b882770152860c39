"""A trailer is a link that says where it leads: nothing of another site is on our page."""

import html5lib
import pytest

from films.models import Certificate, WatchLink
from films.trailers import host_of, site_name
from tests.factories import FilmFactory, ReviewFactory


@pytest.mark.parametrize(
    ("url", "host", "name"),
    [
        ("https://www.youtube.com/watch?v=x", "youtube.com", "YouTube"),
        ("https://m.youtube.com/watch?v=x", "youtube.com", "YouTube"),
        ("https://youtu.be/x", "youtu.be", "YouTube"),
        ("https://vimeo.com/1", "vimeo.com", "Vimeo"),
        ("https://cinema.example:8000/trailer", "cinema.example", "cinema.example"),
        ("https://youtube.com.elsewhere.example/", "youtube.com.elsewhere.example", "youtube.com.elsewhere.example"),
        ("http://[", "", ""),
        ("", "", ""),
    ],
)
def test_site_is_named_from_the_address(url, host, name):
    assert (host_of(url), site_name(url)) == (host, name)


@pytest.mark.django_db
def test_page_of_a_film_says_how_it_can_be_seen_and_loads_nothing_from_elsewhere(client):
    film = FilmFactory(title="Wanda", trailer_url="https://www.youtube.com/watch?v=x")
    WatchLink.objects.create(film=film, name="Cinema Specimen", url="https://cinema.example/")
    Certificate.objects.create(film=film, board="BBFC", mark="15", reason="Strong language")
    review = ReviewFactory(film=film)

    html = client.get(film.get_absolute_url()).content.decode()
    page = html5lib.parse(html, namespaceHTMLElements=False)
    section = next(one for one in page.iter("section") if one.get("aria-labelledby") == "h-see")
    words = " ".join("".join(section.itertext()).split())
    links = [one.get("href") for one in section.iter("a")]
    loaded = [
        one.get(name, "")
        for one in page.iter()
        if one.tag in ("img", "script", "iframe", "source", "video")
        for name in ("src", "srcset")
    ]

    assert "Watch the trailer on YouTube opens youtube.com" in words
    assert "BBFC15 Strong language" in words
    assert links == ["https://www.youtube.com/watch?v=x", "https://cinema.example/"]
    assert not [address for address in loaded if address.startswith(("http", "//"))]
    assert f'href="{film.get_absolute_url()}#h-see"' in client.get(review.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_page_of_a_film_of_which_nothing_is_known_has_no_such_part(client):
    film = FilmFactory()

    assert "Seeing it" not in client.get(film.get_absolute_url()).content.decode()
