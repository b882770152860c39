"""What a page's head tells search engines and social sites."""

import json
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone

from films.models import Role
from reviews.models import Publication, SocialCard
from tests.factories import (
    AuthorFactory,
    CreditFactory,
    DraftFactory,
    FilmFactory,
    PersonFactory,
    ReviewFactory,
    StillFactory,
)

pytestmark = pytest.mark.django_db


def head(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html5lib").head


def nodes(client, path):
    """{type: node} of the page's one data block."""
    (block,) = head(client, path).select('script[type="application/ld+json"]')
    data = json.loads(block.string)
    assert data["@context"] == "https://schema.org"
    return {node["@type"]: node for node in data["@graph"]}


def properties(client, path):
    tags = head(client, path).select("meta[property]")
    return {tag["property"]: tag["content"] for tag in tags}


@pytest.fixture
def review():
    Publication(name="Second Reel", tagline="Stay", description="Film reviews.").save()
    film = FilmFactory(
        title="Rust and Bone", original_title="De rouille et d’os", year=2012, runtime=120, countries=["FR"],
        directors=[PersonFactory(name="Jacques Audiard", birth_year=1952, imdb_id="nm0002191")],
        imdb_id="tt2053425", wikidata_id="Q1139655",
    )  # fmt: skip
    CreditFactory(film=film, role=Role.ACTOR, person=PersonFactory(name="Marion Cotillard"))
    StillFactory(film=film)
    author = AuthorFactory(name="Otto Splice", bio="<p>Learned the alphabet.</p>", links="Site: https://otto.example/\nMail: mailto:otto@example.org")  # fmt: skip
    return ReviewFactory(
        film=film, authors=[author], standfirst="A shoreline.", rating=3.5, tag_names=["sea"],
        published_at=datetime(2026, 3, 1, 9, tzinfo=UTC), updated_at=datetime(2026, 4, 2, 9, tzinfo=UTC),
    )  # fmt: skip


def test_language_of_a_review_is_told(client, review):
    assert nodes(client, review.get_absolute_url())["Review"]["inLanguage"] == "en-GB"
    review.language = "fr"
    review.save()

    assert nodes(client, review.get_absolute_url())["Review"]["inLanguage"] == "fr"
    assert nodes(client, review.film.get_absolute_url())["Movie"]["review"][0]["inLanguage"] == "fr"


def test_review_is_told_in_full(client, review):
    found = nodes(client, "/reviews/rust-and-bone/")

    told = found["Review"]
    assert told["headline"] == "Rust and Bone"
    assert told["description"] == "A shoreline."
    assert (told["datePublished"], told["dateModified"]) == ("2026-03-01T09:00:00+00:00", "2026-04-02T09:00:00+00:00")
    assert told["author"] == [
        {"@type": "Person", "name": "Otto Splice", "url": "http://testserver/authors/otto-splice/"}
    ]
    assert told["publisher"]["name"] == "Second Reel"
    assert told["reviewRating"] == {"@type": "Rating", "ratingValue": 3.5, "bestRating": 5, "worstRating": 0.5}
    film = told["itemReviewed"]
    assert (film["@type"], film["name"], film["alternateName"]) == ("Movie", "Rust and Bone", ["De rouille et d’os"])
    assert [person["name"] for person in film["director"]] == ["Jacques Audiard"]
    assert [person["name"] for person in film["actor"]] == ["Marion Cotillard"]
    assert film["dateCreated"] == "2012-01-01"
    assert film["sameAs"] == ["https://www.imdb.com/title/tt2053425/", "https://www.wikidata.org/wiki/Q1139655"]
    assert [(item["position"], item["name"]) for item in found["BreadcrumbList"]["itemListElement"]] == [
        (1, "Reviews"),
        (2, "Rust and Bone"),
    ]


def test_rating_is_told_only_where_readers_see_it(client, review):
    Publication.objects.update(show_ratings=False)

    assert "reviewRating" not in nodes(client, "/reviews/rust-and-bone/")["Review"]
    assert "review" not in nodes(client, "/films/rust-and-bone-2012/")["Movie"]


def test_film_person_author_and_home(client, review):
    film = nodes(client, "/films/rust-and-bone-2012/")["Movie"]
    person = nodes(client, "/people/jacques-audiard/")["Person"]
    author = nodes(client, "/authors/otto-splice/")["ProfilePage"]["mainEntity"]
    home = nodes(client, "/")

    assert (film["duration"], film["review"][0]["reviewRating"]["ratingValue"]) == ("PT120M", 3.5)
    assert (person["birthDate"], person["sameAs"]) == ("1952", ["https://www.imdb.com/name/nm0002191/"])
    assert (author["description"], author["sameAs"]) == ("Learned the alphabet.", ["https://otto.example/"])
    assert home["Organization"]["name"] == "Second Reel"
    target = home["WebSite"]["potentialAction"]["target"]["urlTemplate"]
    assert target == "http://testserver/search/?q={search_term_string}"


def test_tag_page_has_its_breadcrumb(client, review):
    steps = nodes(client, "/tags/sea/")["BreadcrumbList"]["itemListElement"]

    assert [step.get("item") for step in steps] == ["http://testserver/reviews/", None]


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", "<!-- <script>", 'A "quoted" & <b>bold</b> title', "\u2028 '\\"]
)
def test_no_text_ends_the_data_block_or_a_tag(client, review, text):
    review.headline = text
    review.film.title = text
    review.film.save()
    review.save()

    for path in (review.get_absolute_url(), review.film.get_absolute_url()):
        page = BeautifulSoup(client.get(path).content, "html5lib")
        assert "alert(1)" not in [script.string for script in page.find_all("script")]
        assert all(script.get("src") or script["type"] == "application/ld+json" for script in page.find_all("script"))
    assert nodes(client, review.get_absolute_url())["Review"]["headline"] == text
    assert properties(client, review.get_absolute_url())["og:title"] == text


def test_social_card_is_named_when_made_and_the_still_until_then(client, review):
    before = properties(client, "/reviews/rust-and-bone/")
    SocialCard.objects.create(review=review, image="cards/ab/abc.jpg", made_for="abc", made_at=timezone.now())
    after = properties(client, "/reviews/rust-and-bone/")

    assert before["og:image"].startswith("http://testserver/media/stills/")
    assert "og:image:width" not in before
    assert after["og:image"] == "http://testserver/media/cards/ab/abc.jpg"
    assert (after["og:image:width"], after["og:image:height"]) == ("1200", "630")
    assert (after["og:type"], after["og:title"]) == ("article", "Rust and Bone (2012)")
    assert after["og:description"] == "A shoreline."
    assert after["article:published_time"] == "2026-03-01T09:00:00+00:00"


def test_review_without_picture_names_none(client):
    review = ReviewFactory(film=FilmFactory(title="Bare"))

    assert "og:image" not in properties(client, review.get_absolute_url())
    assert "image" not in nodes(client, review.get_absolute_url())["Review"]


def test_preview_tells_nothing(admin_client):
    draft = DraftFactory()

    page = BeautifulSoup(admin_client.get(f"/admin/reviews/review/{draft.pk}/preview/").content, "html5lib")

    assert page.select("script[type='application/ld+json'], meta[property], link[type*=oembed]") == []


@pytest.mark.parametrize("path", ["/reviews/", "/films/", "/people/", "/authors/", "/authors/new-hand/", "/films/bare-1999/"])  # fmt: skip
def test_every_kind_of_page_has_a_description_of_its_own(client, path):
    Publication(name="Second Reel", description="Film reviews.").save()
    AuthorFactory(name="New Hand")
    FilmFactory(title="Bare", synopsis="")

    description = head(client, path).select_one("meta[name=description]")["content"]

    assert description not in ("", "Film reviews.")
