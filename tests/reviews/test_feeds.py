"""Feeds as feed readers read them."""

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.utils import timezone

from films.models import Role
from reviews.feeds import with_absolute_addresses
from reviews.models import Publication, Review
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

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
MEDIA = "{http://search.yahoo.com/mrss/}"


def xml(response):
    assert response.status_code == 200
    return ElementTree.fromstring(response.content)


def entries(response):
    return xml(response).findall(f"{ATOM}entry")


def titles(response):
    return [entry.findtext(f"{ATOM}title") for entry in entries(response)]


@pytest.fixture
def review():
    """A review with everything a feed can tell."""
    Publication(name="Second Reel", tagline="Stay for the credits").save()
    film = FilmFactory(title="Sunrise", year=1927, directors=[PersonFactory(name="F. W. Murnau")])
    StillFactory(film=film, alt="A lake at night.", credit="Drawn for the tests")
    return ReviewFactory(
        film=film, headline="Two people & a lake", standfirst="The <boat> turns.", rating=4.5, verdict="It holds.",
        body='<p>See <a href="/films/faust-1926/">Faust</a><span data-footnote="A note.">*</span>.</p>',
        authors=[AuthorFactory(name="Otto Splice"), AuthorFactory(name="Ida Intertitle")], tag_names=["lakes", "boats"],
        published_at=datetime(2026, 3, 1, 9, tzinfo=UTC), updated_at=datetime(2026, 4, 2, 9, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["reviews", "authors/otto-splice", "tags/lakes", "directors/f-w-murnau"])
def test_every_feed_has_the_review_in_three_formats(client, review, name):
    atom, rss, feed = (client.get(f"/feeds/{name}.{ending}") for ending in ("atom", "rss", "json"))

    assert titles(atom) == ["Two people & a lake"]
    assert [item.findtext("title") for item in xml(rss).iter("item")] == ["Two people & a lake"]
    assert [item["title"] for item in feed.json()["items"]] == ["Two people & a lake"]
    types = [response.headers["Content-Type"].split(";")[0] for response in (atom, rss, feed)]
    assert types == ["application/atom+xml", "application/rss+xml", "application/feed+json"]
    assert feed.json()["feed_url"] == f"http://testserver/feeds/{name}.json"


def test_atom_entry_tells_all(client, review):
    entry = entries(client.get("/feeds/reviews.atom"))[0]

    assert entry.findtext(f"{ATOM}published") == "2026-03-01T09:00:00+00:00"
    assert entry.findtext(f"{ATOM}updated") == "2026-04-02T09:00:00+00:00"
    assert [name.text for name in entry.findall(f"{ATOM}author/{ATOM}name")] == ["Otto Splice", "Ida Intertitle"]
    assert entry.findtext(f"{ATOM}author/{ATOM}uri") == "http://testserver/authors/otto-splice/"
    assert [category.get("term") for category in entry.findall(f"{ATOM}category")] == ["boats", "lakes"]
    assert entry.findtext(f"{ATOM}summary") == "The <boat> turns."
    links = {link.get("rel"): link.get("href") for link in entry.findall(f"{ATOM}link")}
    assert links["alternate"] == "http://testserver/reviews/two-people-a-lake/"
    assert links["enclosure"].startswith("http://testserver/media/stills/")


def test_rss_item_tells_all(client, review):
    channel = xml(client.get("/feeds/reviews.rss")).find("channel")
    item = channel.find("item")

    assert channel.findtext("title") == "Second Reel"
    assert channel.findtext("description") == "Stay for the credits"
    assert channel.findtext("lastBuildDate") == "Thu, 02 Apr 2026 09:00:00 +0000"
    assert item.findtext("pubDate") == "Sun, 01 Mar 2026 09:00:00 +0000"
    assert [creator.text for creator in item.findall(CREATOR)] == ["Otto Splice", "Ida Intertitle"]
    assert [category.text for category in item.findall("category")] == ["boats", "lakes"]
    assert item.find("guid").get("isPermaLink") == "false"
    assert item.find(f"{MEDIA}content").get("type") == "image/jpeg"
    assert item.findtext(f"{MEDIA}content/{MEDIA}credit") == "Drawn for the tests"


def test_json_item_tells_all(client, review):
    item = client.get("/feeds/reviews.json").json()["items"][0]

    content, picture = item.pop("content_html"), item.pop("image")
    assert picture.startswith("http://testserver/media/stills/")
    assert "It holds." in content
    assert item == {
        "id": f"tag:testserver,{review.created_at.year}:review/{review.pk}",
        "url": "http://testserver/reviews/two-people-a-lake/",
        "title": "Two people & a lake",
        "summary": "The <boat> turns.",
        "date_published": "2026-03-01T09:00:00+00:00",
        "date_modified": "2026-04-02T09:00:00+00:00",
        "authors": [
            {"name": "Otto Splice", "url": "http://testserver/authors/otto-splice/"},
            {"name": "Ida Intertitle", "url": "http://testserver/authors/ida-intertitle/"},
        ],
        "tags": ["boats", "lakes"],
    }


def test_language_of_a_foreign_review_is_told(client, review):
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    (entry,) = entries(client.get("/feeds/reviews.atom"))
    assert language not in entry.find(f"{ATOM}content").attrib
    Review.objects.update(language="fr")

    (entry,) = entries(client.get("/feeds/reviews.atom"))
    (item,) = client.get("/feeds/reviews.json").json()["items"]

    assert entry.find(f"{ATOM}content").attrib[language] == item["language"] == "fr"


def test_content_is_whole_and_stands_on_its_own(client, review):
    rss = xml(client.get("/feeds/reviews.rss"))
    page = BeautifulSoup(rss.find(f"channel/item/{CONTENT}").text, "html5lib")

    assert page.find("a", string="Faust")["href"] == "http://testserver/films/faust-1926/"
    assert page.find("a", string="1")["href"] == "http://testserver/reviews/two-people-a-lake/#note-1"
    assert page.img["alt"] == "A lake at night."
    words = page.get_text(" ", strip=True)
    assert "The <boat> turns." in words
    assert page.find("a", string="Rated 4.5 out of 5")["href"] == "http://testserver/ratings/"
    assert "A note." in words
    assert "Back to the text" not in words


def test_picture_in_a_text_is_one_image_with_an_absolute_address(client, review):
    review.body = '<p>Here:</p><img src="/media/stills/ab/cd-1600x900-1280.jpg" alt="Reeds &gt; rain">'
    review.save()

    page = BeautifulSoup(client.get("/feeds/reviews.json").json()["items"][0]["content_html"], "html5lib")

    assert page.select("picture, source, [srcset]") == []
    found = page.find("img", alt="Reeds > rain")
    assert found["src"] == "http://testserver/media/stills/ab/cd-1600x900-1280.jpg"


def test_summary_is_plain_text_and_said_to_be(client, review):
    Review.objects.update(standfirst="Tom & Jerry <b>x</b> x < y")

    summary = entries(client.get("/feeds/reviews.atom"))[0].find(f"{ATOM}summary")
    description = xml(client.get("/feeds/reviews.rss")).findtext("channel/item/description")

    assert (summary.get("type"), summary.text) == ("text", "Tom & Jerry <b>x</b> x < y")
    assert description == "Tom &amp; Jerry &lt;b&gt;x&lt;/b&gt; x &lt; y"  # readers of RSS take it for HTML


def test_publication_without_ratings_sends_none(client, review):
    Publication.objects.update(show_ratings=False)

    assert b"4.5" not in client.get("/feeds/reviews.atom").content


def test_identity_survives_a_new_address_and_a_corrected_date(client, review):
    before = client.get("/feeds/reviews.json").json()["items"][0]["id"]

    review.slug, review.published_at = "learning-to-row", review.published_at - timedelta(days=400)
    review.save()

    after = client.get("/feeds/reviews.json").json()["items"][0]
    assert after["id"] == before
    assert after["url"] == "http://testserver/reviews/learning-to-row/"


def test_date_of_updating_still_to_come_is_not_told(client, review):
    Review.objects.update(updated_at=timezone.now() + timedelta(days=9))

    assert client.get("/feeds/reviews.json").json()["items"][0]["date_modified"] == "2026-03-01T09:00:00+00:00"


def test_newest_twenty_come_first(client):
    now = timezone.now()
    for number in range(23):
        ReviewFactory(headline=f"Number {number}", published_at=now - timedelta(hours=number))

    assert titles(client.get("/feeds/reviews.atom")) == [f"Number {number}" for number in range(20)]


def test_director_feed_has_what_they_directed_and_nothing_else(client):
    denis = PersonFactory(name="Claire Denis")
    ReviewFactory(headline="Hers", film=FilmFactory(directors=[denis]))
    acted = FilmFactory()
    CreditFactory(film=acted, person=denis, role=Role.ACTOR)
    ReviewFactory(headline="Not hers", film=acted)
    actor = PersonFactory(name="Only Acts")
    CreditFactory(film=acted, person=actor, role=Role.ACTOR)

    assert titles(client.get("/feeds/directors/claire-denis.atom")) == ["Hers"]
    assert client.get("/feeds/directors/only-acts.atom").status_code == 404


def test_empty_feed_is_valid_and_steady(client):
    AuthorFactory(name="New Hand")

    first, second = (client.get("/feeds/authors/new-hand.atom") for _ in range(2))

    assert xml(first).findtext(f"{ATOM}updated") == "1970-01-01T00:00:00+00:00"
    assert first.headers["ETag"] == second.headers["ETag"]


def test_reader_of_an_old_address_is_sent_on(client):
    author = AuthorFactory(name="Otto Splice")
    author.slug = "o-splice"
    author.save()

    response = client.get("/feeds/authors/otto-splice.rss")

    assert (response.status_code, response["Location"]) == (301, "/feeds/authors/o-splice.rss")


def test_reader_who_has_the_feed_is_told_so(client, review, django_assert_num_queries):
    response = client.get("/feeds/reviews.atom")

    with django_assert_num_queries(1):
        again = client.get("/feeds/reviews.atom", headers={"If-None-Match": response.headers["ETag"]})

    assert again.status_code == 304
    assert response.headers["Cache-Control"] == "public, max-age=0, s-maxage=60"


def test_reader_who_knows_the_date_is_told_so_until_something_changes(client, review):
    date = client.get("/feeds/reviews.atom").headers["Last-Modified"]
    same = client.get("/feeds/reviews.atom", headers={"If-Modified-Since": date})
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        review.film.save()
        changed = client.get("/feeds/reviews.atom", headers={"If-Modified-Since": date})

    assert (same.status_code, changed.status_code) == (304, 200)


def test_head_tells_the_etag_that_get_tells(client, review):
    head = client.head("/feeds/reviews.atom?utm_source=x").headers

    assert head["ETag"] == client.get("/feeds/reviews.atom?utm_source=x").headers["ETag"]


@pytest.mark.parametrize("count", [1, 3, 20])
@pytest.mark.parametrize(
    ("name", "queries"),
    {"reviews": 5, "authors/abel-author": 6, "tags/sea": 6, "directors/dora-director": 6}.items(),
)
def test_feed_takes_the_same_few_queries_however_long(client, count, name, queries, django_assert_num_queries):
    Publication().save()
    director, author = PersonFactory(name="Dora Director"), AuthorFactory(name="Abel Author")
    for number in range(count):
        film = FilmFactory(directors=[director])
        StillFactory(film=film)
        ReviewFactory(film=film, authors=[author], tag_names=["sea", f"tag {number}"])
    client.get("/tags/sea/")  # the content type is kept for the life of the process

    with django_assert_num_queries(queries):
        client.get(f"/feeds/{name}.atom")


@pytest.mark.parametrize("ending", ["atom", "rss", "json"])
def test_text_that_xml_cannot_hold_does_not_break_the_feed(client, ending):
    ReviewFactory(headline="Bell\x07 and \x0bfeed ]]> &amp; \ufffe", standfirst="\x1b[31m", tag_names=["a\x02b"])

    response = client.get(f"/feeds/reviews.{ending}")

    assert response.status_code == 200
    title = json.loads(response.content)["items"][0]["title"] if ending == "json" else None
    if ending == "json":
        assert title == "Bell and feed ]]> &amp; "
    else:
        assert "Bell and feed ]]> &amp; " in "".join(xml(response).itertext())


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="/x/?a=1&amp;b=2">y</a>', '<a href="https://a.test/x/?a=1&amp;b=2">y</a>'),
        ('<a href="#note-1">1</a>', '<a href="https://a.test/r/#note-1">1</a>'),
        ('<img alt="a > b" src="/m.jpg">', '<img alt="a > b" src="https://a.test/m.jpg">'),
        (
            '<img alt=" src=&quot;/no&quot;" src="/m.jpg">',
            '<img alt=" src=&quot;/no&quot;" src="https://a.test/m.jpg">',
        ),
        ('<p>write href="/x" here</p>', '<p>write href="/x" here</p>'),
        ('<a href="mailto:a@b.test">m</a>', '<a href="mailto:a@b.test">m</a>'),
        ('<a href="https://b.test/">b</a>', '<a href="https://b.test/">b</a>'),
    ],
)
def test_addresses_are_made_absolute_and_words_are_not(html, expected):
    assert with_absolute_addresses(html, "https://a.test/r/") == expected


@pytest.mark.parametrize("slug", ["%00", "%ff%fe", "a" * 300, "<script>", "%ed%a0%80", "nobody"])
@pytest.mark.parametrize("folder", ["authors", "tags", "directors"])
def test_feed_of_nothing_is_a_404(client, folder, slug):
    DraftFactory(tag_names=["nobody"])

    assert client.get(f"/feeds/{folder}/{slug}.atom").status_code == 404


def test_pages_name_their_feeds(client, review):
    found = {}
    addresses = ("/", "/authors/otto-splice/", "/tags/lakes/", "/people/f-w-murnau/", "/reviews/?tag=lakes")
    for address in (*addresses, "/reviews/?author=otto-splice", "/reviews/?author=otto-splice&tag=lakes"):
        page = BeautifulSoup(client.get(address).content, "html5lib")
        links = page.head.select('link[rel=alternate][type="application/atom+xml"]')
        found[address] = [link["href"] for link in links]
        assert page.footer.find("a", string="Feed")["href"] == found[address][-1]
        for link in page.head.select("link[rel=alternate]"):
            assert client.get(link["href"]).status_code == 200

    assert found == {
        "/": ["/feeds/reviews.atom"],
        "/authors/otto-splice/": ["/feeds/reviews.atom", "/feeds/authors/otto-splice.atom"],
        "/tags/lakes/": ["/feeds/reviews.atom", "/feeds/tags/lakes.atom"],
        "/people/f-w-murnau/": ["/feeds/reviews.atom", "/feeds/directors/f-w-murnau.atom"],
        "/reviews/?tag=lakes": ["/feeds/reviews.atom", "/feeds/tags/lakes.atom"],
        "/reviews/?author=otto-splice": ["/feeds/reviews.atom", "/feeds/authors/otto-splice.atom"],
        "/reviews/?author=otto-splice&tag=lakes": ["/feeds/reviews.atom"],
    }
