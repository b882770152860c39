"""oEmbed as other sites ask for it."""

from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone

from reviews.models import Publication, SocialCard
from tests.factories import AuthorFactory, DraftFactory, FilmFactory, ReviewFactory

pytestmark = pytest.mark.django_db

PAGE = "http://testserver/reviews/sunrise/"


@pytest.fixture
def review():
    Publication(name="Second Reel").save()
    author = AuthorFactory(name="Otto Splice")
    film = FilmFactory(title="Sunrise", year=1927)
    return ReviewFactory(film=film, standfirst="A <boat> & a city.", rating=4, authors=[author])


def ask(client, **query):
    return client.get("/oembed?" + urlencode(query))


def test_answer_has_what_the_specification_asks(client, review):
    response = ask(client, url=PAGE)

    told = response.json()
    html = told.pop("html")
    assert response.headers["Content-Type"] == "application/json"
    assert told == {
        "version": "1.0",
        "type": "rich",
        "title": "Sunrise (1927)",
        "author_name": "Otto Splice",
        "author_url": "http://testserver/authors/otto-splice/",
        "provider_name": "Second Reel",
        "provider_url": "http://testserver/",
        "cache_age": 86400,
        "width": 600,
        "height": 136,
    }
    card = BeautifulSoup(html, "html5lib").blockquote
    assert card["cite"] == PAGE
    assert "A <boat> & a city." in card.get_text()
    assert "Rated 4 out of 5 by Otto Splice in Second Reel" in card.get_text()
    assert card.find("a", string="Rated 4 out of 5")["href"] == "http://testserver/ratings/"
    assert not {"script", "iframe", "style", "img"} & {tag.name for tag in card.find_all(True)}


def test_xml_says_the_same_as_json(client, review):
    told = ask(client, url=PAGE).json()

    response = ask(client, url=PAGE, format="xml")

    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(response.content)
    assert root.tag == "oembed"
    assert {child.tag: child.text for child in root} == {name: str(value) for name, value in told.items()}


def test_limits_are_kept(client, review):
    SocialCard.objects.create(review=review, image="cards/ab/abc.jpg", made_for="abc", made_at=timezone.now())

    free, narrow = ask(client, url=PAGE).json(), ask(client, url=PAGE, maxwidth=320, maxheight=200).json()

    assert free["thumbnail_url"] == "http://testserver/media/cards/ab/abc.jpg"
    assert (free["thumbnail_width"], free["thumbnail_height"]) == (1200, 630)
    assert narrow["width"] == 320
    assert free["height"] < narrow["height"] <= 200
    assert "thumbnail_url" not in narrow


def test_card_that_is_too_high_goes_without_standfirst_or_becomes_a_link(client, review):
    short, none = ask(client, url=PAGE, maxheight=100).json(), ask(client, url=PAGE, maxheight=40).json()

    assert (short["type"], short["height"]) == ("rich", 96)
    assert "Otto Splice" in short["html"]
    assert "A &lt;boat&gt;" not in short["html"]
    assert (none["type"], none["title"]) == ("link", "Sunrise (1927)")
    assert not {"html", "width", "height"} & none.keys()


@pytest.mark.parametrize(
    "url",
    [
        PAGE.rstrip("/") + "/?utm_source=x#note-1",
        "https://TESTSERVER/reviews/sunrise/",
        "http://testserver/reviews/old-sunrise/",
        PAGE.rstrip("/"),
    ],
)
def test_review_is_found_at_each_of_its_addresses(client, review, url):
    review.former_slugs.create(slug="old-sunrise")

    assert ask(client, url=url).json()["title"] == "Sunrise (1927)"


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.example/reviews/sunrise/", "http://testserver/films/sunrise-1927/", "http://testserver/",
        "http://testserver/reviews/draft/", "http://testserver/reviews/nothing/", "reviews/sunrise/", "/reviews/sunrise/",
        "javascript:alert(1)", "http://testserver@elsewhere.example/reviews/sunrise/", "http://[/reviews/sunrise/",
        "http://testserver/reviews/%00/", "http://testserver/reviews/%ff/", "http://testserver/reviews/\ud800/",
        "http://testserver/" + "x" * 10_000, "//testserver/reviews/sunrise/", "ftp://testserver/reviews/sunrise/",
    ],
)  # fmt: skip
def test_other_addresses_are_not_found(client, review, url):
    DraftFactory(headline="Draft")

    assert client.get("/oembed", {"url": url.encode("utf-8", "surrogatepass")}).status_code == 404


def test_question_that_makes_no_sense_is_refused(client, review):
    assert client.get("/oembed").status_code == 400
    assert ask(client, url=PAGE, format="yaml").status_code == 501
    for size in ("0", "-1", "wide", "1e3", "٣", "9" * 50, ""):
        assert ask(client, url=PAGE, maxwidth=size).status_code == 400
    assert client.post("/oembed", {"url": PAGE}).status_code == 405


def test_scripts_of_other_sites_may_read_it(client, review):
    headers = ask(client, url=PAGE).headers

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_page_of_a_review_says_where_to_ask(client, review):
    page = BeautifulSoup(client.get("/reviews/sunrise/").content, "html5lib")

    for kind in ("application/json+oembed", "text/xml+oembed"):
        link = page.head.select_one(f'link[rel=alternate][type="{kind}"]')
        assert client.get(link["href"]).status_code == 200


@pytest.mark.parametrize("authors", [1, 3])
def test_answer_takes_few_queries(client, authors, django_assert_num_queries):
    Publication().save()
    review = ReviewFactory(authors=[AuthorFactory() for _ in range(authors)])

    with django_assert_num_queries(2):
        ask(client, url=f"http://testserver{review.get_absolute_url()}")
