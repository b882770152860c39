"""What a page's head tells search engines and social sites."""

import json
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone
from django.utils.encoding import iri_to_uri

from films.models import Role
from reviews.cards import make_publication_card
from reviews.models import Page, Publication, Season, SocialCard
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


def test_review_without_a_rating_that_readers_see_is_an_article_about_its_film(client, review):
    Publication.objects.update(show_ratings=False)

    found = nodes(client, "/reviews/rust-and-bone/")
    assert "Review" not in found
    assert "reviewRating" not in found["Article"]
    assert (found["Article"]["headline"], found["Article"]["about"]["name"]) == ("Rust and Bone", "Rust and Bone")
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


PAGES = {  # what it is, and its breadcrumb
    "/reviews/": ("CollectionPage", ["Second Reel", "Reviews"]),
    "/reviews/?decade=2010s": ("CollectionPage", ["Reviews", "Reviews of films of the 2010s"]),
    "/reviews/?choose=country": ("CollectionPage", ["Reviews", "Reviews: all countries"]),
    "/films/": ("CollectionPage", ["Second Reel", "Films"]),
    "/people/?role=director": ("CollectionPage", ["People", "Directors"]),
    "/authors/": ("CollectionPage", ["Second Reel", "Writers"]),
    "/tags/sea/": ("CollectionPage", ["Reviews", "sea"]),
    "/seasons/": ("CollectionPage", ["Second Reel", "Seasons"]),
    "/archive/": ("CollectionPage", ["Second Reel", "Archive"]),
    "/archive/2026/": ("CollectionPage", ["Archive", "2026"]),
    "/archive/2026/03/": ("CollectionPage", ["Archive", "2026", "March 2026"]),
    "/search/": ("SearchResultsPage", ["Second Reel", "Search"]),
    "/search/?q=rust": ("SearchResultsPage", ["Second Reel", "rust: search"]),
    "/ratings/": ("WebPage", ["Second Reel", "What our ratings mean"]),
    "/subscribe/": ("WebPage", ["Second Reel", "Newsletter"]),
    "/about/": ("WebPage", ["Second Reel", "About"]),
}


@pytest.mark.parametrize(("path", "expected"), PAGES.items(), ids=PAGES)
def test_every_page_says_what_it_is_and_how_it_is_shared(client, review, path, expected):
    Page.objects.create(title="About", body="<p>We watch.</p>")
    Season.objects.create(title="Winter", is_public=True)
    kind, crumbs = expected

    found, shared = nodes(client, path), properties(client, path)

    steps = found["BreadcrumbList"]["itemListElement"]
    assert [step["name"] for step in steps] == crumbs
    assert all(step["item"].startswith("http://testserver/") for step in steps[:-1])
    assert found[kind]["name"] == shared["og:title"]
    assert found[kind]["url"] == shared["og:url"]
    assert "Second Reel" not in shared["og:title"]
    assert (shared["og:type"], shared["og:site_name"]) == ("website", "Second Reel")


def test_list_names_what_it_shows_in_its_order(client, review):
    Publication.objects.update(reviews_per_page=1)
    ReviewFactory(film=FilmFactory(title="Newer"))

    listed = nodes(client, "/reviews/?page=2")["CollectionPage"]["mainEntity"]

    assert listed["itemListElement"] == [
        {"@type": "ListItem", "position": 2, "name": "Rust and Bone", "url": "http://testserver/reviews/rust-and-bone/"}
    ]


def test_description_is_the_same_for_everybody(client, review):
    tag = properties(client, "/tags/sea/")

    assert (tag["og:title"], tag["og:description"]) == ("Sea", "Reviews filed under “sea” in Second Reel.")
    assert head(client, "/tags/sea/").select_one("meta[name=description]")["content"] == tag["og:description"]


def test_page_without_a_picture_is_shown_by_the_publication(client, review):
    review.film.stills.all().delete()
    unseen = FilmFactory(title="Unseen", year=2001)
    assert "og:image" not in properties(client, "/films/")

    make_publication_card()

    for path in ("/", "/films/", "/tags/sea/", "/authors/otto-splice/", "/people/jacques-audiard/", "/ratings/"):
        shared = properties(client, path)
        assert shared["og:image"].startswith("http://testserver/media/cards/publication/")
        assert (shared["og:image:width"], shared["og:image:height"]) == ("1200", "630")
    assert "/cards/publication/" in nodes(client, unseen.get_absolute_url())["Movie"]["image"]


def test_film_without_a_still_is_shown_by_the_card_of_its_review(client, review):
    review.film.stills.all().delete()
    SocialCard.objects.create(review=review, image="cards/ab/abc.jpg", made_for="abc", made_at=timezone.now())

    for path, node in (("/films/rust-and-bone-2012/", "Movie"), ("/reviews/rust-and-bone/", "Review")):
        told = nodes(client, path)[node]
        assert told.get("itemReviewed", told)["image"] == "http://testserver/media/cards/ab/abc.jpg"


@pytest.mark.parametrize("path", ["/nowhere/", "/tags/nothing/", "/letters/no-such-token/"])
def test_page_that_is_not_for_sharing_says_nothing(client, review, path):
    page = BeautifulSoup(client.get(path).content, "html5lib")

    assert page.select("script[type='application/ld+json'], meta[property]") == []
    assert page.title.string.endswith("– Second Reel")


FOREIGN = ["/reviews/история-аси/", "/films/история-аси-1966/", "/authors/ася/", "/tags/море/", "/authors/ася/?page=2"]


@pytest.mark.parametrize("path", FOREIGN)
def test_address_in_other_letters_is_written_as_links_write_it(client, path):
    Publication(reviews_per_page=1).save()
    author = AuthorFactory(name="Ася")
    film = FilmFactory(title="История Аси", year=1966)
    for _ in range(2):
        ReviewFactory(film=film, authors=[author], tag_names=["море"])

    told = head(client, path)

    assert told.select_one("link[rel=canonical]")["href"] == "http://testserver" + iri_to_uri(path)
    assert told.select_one("meta[property='og:url']")["content"] == "http://testserver" + iri_to_uri(path)


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
    assert (before["og:image:width"], before["og:image:height"]) == ("640", "360")
    assert after["og:image"] == "http://testserver/media/cards/ab/abc.jpg"
    assert (after["og:image:width"], after["og:image:height"]) == ("1200", "630")
    assert (after["og:type"], after["og:title"]) == ("article", "Rust and Bone (2012)")
    assert after["og:description"] == "A shoreline."
    assert after["article:published_time"] == "2026-03-01T09:00:00+00:00"


def test_review_without_picture_names_none(client):
    review = ReviewFactory(film=FilmFactory(title="Bare"), rating=3)

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
