"""What an editor marked as spoiling is read on the page of its review, closed, and nowhere else."""

import re
from email import message_from_bytes
from email.policy import default
from html import unescape
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit
from uuid import uuid4

import html5lib
import pytest
from django.conf import settings
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from films.models import Role
from reviews.cards import design_of
from reviews.models import Page, Publication, Review
from reviews.outside import absolute
from reviews.search import index
from reviews.search.analysis import read_query
from reviews.search.finding import search
from subscriptions.frame import Frame
from subscriptions.models import Mailing
from subscriptions.snapshot import review_content
from tests.factories import (
    AuthorFactory,
    CapsuleFactory,
    CreditFactory,
    CriticQuoteFactory,
    FilmFactory,
    PersonFactory,
    ReviewFactory,
    StillFactory,
    SubscriberFactory,
)

pytestmark = pytest.mark.django_db

SECRETS = [
    "inlinequark", "blockquark", "titlequark", "headingquark", "notequark", "blocknotequark", "altquark", "captionquark",
    "listquark", "quotequark", "linkquark", "hrefquark", "emphasisquark",
]  # fmt: skip
BODY = """
<p>Openly said<span data-spoiler="">, inlinequark<span data-footnote="notequark">*</span> she goes</span>.</p>
<h2>How it titlequark</h2>
<h2>A plain heading</h2>
<div data-spoiler="the end of Vertigo"><h2>headingquark</h2>
<p>blockquark<span data-footnote="blocknotequark">*</span> and <a href="/films/hrefquark/">linkquark</a></p>
<figure><img src="/media/stills/ab/abcd-1440x868-1280.jpg" alt="altquark"><figcaption>captionquark</figcaption></figure>
<ul><li><p>listquark</p></li></ul><blockquote><p>quotequark</p></blockquote></div>
<p>Afterwards <em>it is <span data-spoiler="">emphasisquark</span></em> quiet.</p>
""".replace("<h2>How it titlequark</h2>", '<h2>How it <span data-spoiler="">titlequark</span></h2>')


@pytest.fixture
def review():
    Publication(name="Second Reel").save()
    Page.objects.create(title="About", body=BODY)
    director, author = PersonFactory(name="Barbara Loden"), AuthorFactory(name="Otto Splice", bio="<p>Invented.</p>")
    film = FilmFactory(title="Wanda", year=1970, directors=[director], countries=["US"])
    StillFactory(film=film)
    CreditFactory(film=film, person=director, role=Role.ACTOR, character="Wanda")
    CriticQuoteFactory(film=film)
    CapsuleFactory(film=FilmFactory(title="Another", directors=[director]), author=author)
    review = ReviewFactory(
        film=film, authors=[author], body=BODY, rating=4, verdict="Final.", is_featured=True, tag_names=["roads"]
    )
    ReviewFactory(film=film, authors=[author], headline="Wanda, again", body="<p>Again.</p>", tag_names=["roads"])
    ReviewFactory(film=FilmFactory(directors=[director]), authors=[AuthorFactory()], tag_names=["roads"])
    index.catch_up()
    return review


def routes(patterns, before="") -> list[str]:
    """The route of every address the site has, apart from those that are not for readers."""
    found = []
    for pattern in patterns:
        route = before + str(pattern.pattern)
        found += [route] if isinstance(pattern, URLPattern) else routes(pattern.url_patterns, route)
    return [route for route in found if not route.startswith(("admin/", "health/", "^media/"))]


def addresses(review: Review) -> set[str]:
    """At least one address of every route. A route with a part unknown here fails the test: give it a value."""
    slugs = {review.slug, review.film.slug, "barbara-loden", "otto-splice", "roads", "about"}
    reader = SubscriberFactory()
    values = {
        "slug": slugs,
        "token": {reader.token("letters"), reader.token("leave"), "1-1"},
        "identity": {str(letter_about(review).identity)},
        "provider": {"postmark"},
        "name": {"reviews", "films", "people", "authors", "tags", "pages", "seasons"},
        "number": {"0"},
        "year": {str(review.published_at.year)},
        "month": {str(review.published_at.month), f"{review.published_at.month:02}"},
        "letter": {"w", "l"},
    }
    found = set()
    for route in routes(get_resolver().url_patterns):
        made = {re.sub(r"\(\?P(<\w+>)[^)]*\)|[$^]", r"\1", route)}
        for part in re.findall(r"<(?:\w+:)?(\w+)>", route):
            made = {re.sub(rf"<(?:\w+:)?{part}>", value, one) for one in made for value in values[part]}
        found |= {"/" + one for one in made}
    page = quote(absolute(review.get_absolute_url()), safe="")
    found |= {f"/oembed?url={page}&format={kind}" for kind in ("json", "xml")}
    found |= {f"/search/?q={word}" for word in ("openly", "afterwards", "quiet", "wanda", "otto")}
    found |= {f"/search/suggest?q={word}" for word in ("wan", "inline", "bloc", "quark", "emphasis")}
    return found


def letter_about(review: Review) -> Mailing:
    """A mailing of the review that was sent: its letter can be read on the site."""
    now = timezone.now()
    values = {"identity": uuid4(), "due_at": now, "started_at": now, "state": Mailing.State.DONE}
    return Mailing.objects.create(kind="review", review=review, content=review_content(review), **values)


def linked(text: str, address: str) -> set[str]:
    """Every address of ours that a page, a feed or a sitemap names."""
    named = re.findall(r'(?:href|src|action)="([^"]+)"|<loc>([^<]+)|"(https?://[^"]+)"', text)
    found = set()
    for one in filter(None, (part for parts in named for part in parts)):
        target = urlsplit(urldefrag(urljoin(absolute(address), unescape(one)))[0])
        if target.netloc == urlsplit(settings.SITE_URL).netloc and not target.path.startswith(
            ("/media/", "/static/", "/admin/")
        ):
            found.add(target.path + (f"?{target.query}" if target.query else ""))
    return found


def without_closed(text: str) -> str:
    """A page without its closed elements, as a reader has it before opening any."""
    page = html5lib.parse(text, namespaceHTMLElements=False)
    for parent in list(page.iter()):
        for child in list(parent):
            if child.tag == "details" and "open" not in child.attrib:
                for inner in list(child)[1:]:
                    child.remove(inner)
                child[0].tail = ""
    return html5lib.serialize(page)


def test_marked_words_are_in_no_output_but_closed_on_their_own_page(client, review):
    own = {review.get_absolute_url(), "/about/"}
    waiting, seen = addresses(review), {}
    while waiting:
        address = waiting.pop()
        response = client.get(unquote(address) if "?" not in address else address)
        seen[address] = response.status_code
        text = response.content.decode() + str(response.headers)
        if address in own:
            assert all(word in text for word in SECRETS)
            text = without_closed(response.content.decode())
        assert [word for word in SECRETS if word in text] == [], address
        if response.status_code == 200:
            waiting |= {one for one in linked(text, address) if one not in seen}

    assert own <= set(seen)
    assert [status for address, status in seen.items() if address.startswith("/letters/mailings/")] == [200]
    for one in (
        "/feeds/reviews.atom",
        "/feeds/reviews.json",
        "/sitemaps/reviews-0.xml",
        "/ratings/",
        f"/films/{review.film.slug}/",
    ):
        assert seen[one] == 200
    assert {address for address, status in seen.items() if status >= 500} == set()
    assert [status for address, status in seen.items() if address.startswith("/oembed?")].count(200) >= 2


def test_letter_has_no_marked_words(review):
    links = dict.fromkeys(("leave", "letters", "view"), "https://reviews.example/x")
    message = Frame(review_content(review)).message(
        to="reader@example.org", identity=uuid4(), delivery_id=1, reasons=["You asked for every review"], links=links
    )

    parts = [
        part.get_content() for part in message_from_bytes(message, policy=default).walk() if not part.is_multipart()
    ]
    assert len(parts) == 2
    for text in parts:
        assert "Openly said" in text
        assert [word for word in SECRETS if word in text] == []


@pytest.mark.parametrize("ending", ["rss", "atom", "json"])
def test_feed_says_where_a_spoiler_is_read(client, review, ending):
    text = client.get(f"/feeds/authors/otto-splice.{ending}").content.decode()

    assert text.count("Spoiler: read it on the site") == 4
    assert "Openly said" in text
    assert "A plain heading" in text


def test_marked_words_cannot_be_found_or_guessed(client, review):
    for word in SECRETS:
        assert not any(search(read_query(word)).ids.values())
        misspelt = word.replace("quark", "qaurk")
        assert word not in client.get("/search/", {"q": misspelt}).content.decode()
    assert any(search(read_query("afterwards")).ids.values())


def test_card_for_sharing_draws_no_marked_words(review):
    drawn = repr(design_of(Review.objects.for_cards().get(pk=review.pk), Publication.current()))

    assert "Wanda" in drawn
    assert not any(word in drawn for word in SECRETS)


def test_page_with_marked_passages_needs_no_warning_above_it(client, review):
    assert "gives away how the film ends" not in client.get(review.get_absolute_url()).content.decode()

    review.has_spoilers = True
    review.save()

    assert "This review gives away how the film ends." in client.get(review.get_absolute_url()).content.decode()


def test_long_reviews_have_jump_links_that_give_nothing_away(client, review):
    page = html5lib.parse(client.get(review.get_absolute_url()).content.decode(), namespaceHTMLElements=False)
    jumps = page.find(".//nav[@aria-labelledby='h-jumps']")
    ids = [one.attrib["id"] for one in page.iter() if "id" in one.attrib]

    links = {one.attrib["href"]: "".join(one.itertext()) for one in jumps.iter("a")}
    assert links["#h-view"] == "Our view"
    assert links["#on-a-plain-heading"] == "A plain heading"
    assert {href.removeprefix("#") for href in links} <= set(ids)
    assert len(ids) == len(set(ids))


def test_short_reviews_have_no_jump_links(client):
    review = ReviewFactory(body="<p>Short.</p>")

    assert "On this page" not in client.get(review.get_absolute_url()).content.decode()
