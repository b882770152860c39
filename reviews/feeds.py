"""Feeds: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1, each with the full text of the newest reviews.

One description of a feed (Channel) is written by three generators. They are Django's own, extended by what it
has no word for: full content beside the summary, several authors, and the picture."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape, unescape
from urllib.parse import urljoin

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed, rfc3339_date
from django.utils.html import format_html
from django.utils.http import http_date
from django.utils.safestring import SafeString, mark_safe
from taggit.models import Tag

from config.http import public_page
from config.printing import printed
from config.slugs import get_or_redirect
from config.spoilers import without_spoilers
from films.models import Credit, Role
from people.models import Person
from reviews.models import Author, Publication, Review, Season
from reviews.outside import (
    absolute,
    modified_at,
    own_name,
    picture_address,
    picture_type,
    rating_figure,
    tag_uri,
    xml_text,
)
from reviews.tags import tag_address, tag_or_redirect

LENGTH = 20
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # Atom wants a date even of an empty feed; a clock would break its ETag


# --- Generators ---------------------------------------------------------------------------------


class DatedFeed(SyndicationFeed):
    """A feed whose date depends on its items alone."""

    def latest_post_date(self):
        return max((item["updateddate"] for item in self.items), default=NEVER)


class RssFeed(DatedFeed, Rss201rev2Feed):
    """RSS 2.0 with the modules content, dc (in Django's generator), and Yahoo's media."""

    def rss_attributes(self):
        return super().rss_attributes() | {
            "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
            "xmlns:dc": "http://purl.org/dc/elements/1.1/",
            "xmlns:media": "http://search.yahoo.com/mrss/",
        }

    def add_item_elements(self, handler, item):
        description = escape(item["description"])  # readers take it for HTML
        super().add_item_elements(handler, item | {"description": description})
        for author in item["authors"]:  # RSS's own <author> is a mail address
            handler.addQuickElement("dc:creator", author["name"])
        handler.addQuickElement("content:encoded", item["content"])
        if picture := item["picture"]:
            kind = {"url": picture["url"], "type": picture["type"], "medium": "image"}
            handler.startElement("media:content", kind)
            handler.addQuickElement("media:description", picture["alt"], {"type": "plain"})
            handler.addQuickElement("media:credit", picture["credit"])
            handler.endElement("media:content")


class AtomFeed(DatedFeed, Atom1Feed):
    """Atom with the text of each entry beside its summary."""

    def add_item_elements(self, handler, item):
        super().add_item_elements(handler, item | {"description": None})  # it would call the summary HTML
        if item["description"]:
            handler.addQuickElement("summary", item["description"], {"type": "text"})
        for author in item["authors"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", author["name"])
            handler.addQuickElement("uri", author["url"])
            handler.endElement("author")
        language = {"xml:lang": item["language"]} if item["language"] else {}
        handler.addQuickElement("content", item["content"], {"type": "html"} | language)
        if picture := item["picture"]:
            handler.addQuickElement("link", "", {"rel": "enclosure", "href": picture["url"], "type": picture["type"]})


class JsonFeed(DatedFeed):
    """JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/"""

    content_type = "application/feed+json; charset=utf-8"

    def write(self, outfile, encoding):
        feed = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.feed["title"],
            "home_page_url": self.feed["link"],
            "feed_url": self.feed["feed_url"],
            "description": self.feed["description"],
            "language": self.feed["language"],
            "items": [self._item(item) for item in self.items],
        }
        outfile.write(json.dumps({key: value for key, value in feed.items() if value != ""}, ensure_ascii=False))

    def _item(self, item: dict) -> dict:
        picture = item["picture"]
        optional = {"image": picture and picture["url"], "language": item["language"]}
        return {
            "id": item["unique_id"],
            "url": item["link"],
            "title": item["title"],
            "summary": item["description"],
            "content_html": item["content"],
            "date_published": rfc3339_date(item["pubdate"]),
            "date_modified": rfc3339_date(item["updateddate"]),
            "authors": item["authors"],
            "tags": item["categories"],
        } | {key: value for key, value in optional.items() if value}


GENERATORS = {"atom": AtomFeed, "rss": RssFeed, "json": JsonFeed}


# --- What is in them ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Channel:
    """One feed in any format: its page, its name and its reviews."""

    title: str
    description: str
    page: str
    stem: str
    reviews: object

    def address(self, ending: str) -> str:
        return f"{self.stem}.{ending}"


def answer(channel: Channel, publication: Publication, ending: str) -> HttpResponse:
    """The feed in one of the three formats."""
    generator = GENERATORS[ending]
    feed = generator(
        title=xml_text(channel.title),
        link=absolute(channel.page),
        description=xml_text(channel.description),
        subtitle=xml_text(channel.description),
        language="en-gb",
        feed_url=absolute(channel.address(ending)),
    )
    reviews = list(channel.reviews.newest_first().for_cards().defer(None).prefetch_related("tags")[:LENGTH])
    for review in reviews:
        feed.add_item(**item(review, publication))
    response = HttpResponse(content_type=feed.content_type)
    if reviews:
        response.headers["Last-Modified"] = http_date(max(map(last_touched, reviews)).timestamp())
    feed.write(response, "utf-8")
    return response


def last_touched(review: Review) -> datetime:
    """When anything last changed of what a feed prints of a review, or it appeared: small corrections count here."""
    return max(review.published_at, review.changed_at, review.film.changed_at)


def item(review: Review, publication: Publication) -> dict:
    """A review in the words of SyndicationFeed.add_item()."""
    address = absolute(review.get_absolute_url())
    return {
        "title": xml_text(own_name(review)),
        "link": address,
        "description": xml_text(review.standfirst),
        "unique_id": tag_uri(review),
        "unique_id_is_permalink": False,
        "pubdate": review.published_at,
        "updateddate": modified_at(review),
        "categories": sorted(xml_text(tag.name) for tag in review.tags.all()),
        "authors": [
            {"name": xml_text(author["name"]), "url": absolute(reverse("authors:detail", args=[author["slug"]]))}
            for author in review.author_names
        ],
        "content": xml_text(content(review, publication, address)),
        "picture": picture(review),
        "language": review.foreign_language,
    }


def picture(review: Review) -> dict | None:
    """The review's still as the formats describe it."""
    still = review.still
    if still is None:
        return None
    return {
        "url": picture_address(still),
        "type": picture_type(still),
        "alt": xml_text(still.alt),
        "credit": xml_text(still.credit),
    }


def content(review: Review, publication: Publication, address: str) -> str:
    """The whole review as HTML that can stand on another site: every address in it is absolute, and pictures are
    plain <img>. Who reads it there has nothing to open, so what is marked as spoiling stays here."""
    instead = format_html('<a href="{}">Spoiler: read it on the site</a>', address)
    text = render_to_string(
        "reviews/feed_content.html",
        {
            "review": review,
            "still": review.still,
            "picture": review.still and picture_address(review.still),
            "body": without_hidden_words(printed(without_spoilers(review.body, instead))),
            "figure": rating_figure(review, publication),
        },
    )
    return with_absolute_addresses(_PICTURE.sub(r"\1", text), address)


_PICTURE = re.compile(r"<picture>(?:<source [^<]*>)*(<img .*?>)</picture>", re.DOTALL)
_TAG = re.compile(r"""<[a-z][^<>"]*(?:"[^"]*"[^<>"]*)*>""")
_ADDRESS = re.compile(r'(?<=\s)(href|src|cite)="([^"]*)"')
_HIDDEN = re.compile(r'<span class="vh">[^<]*</span>|(?<=<span) aria-hidden="true"')


def with_absolute_addresses(html: str, base: str) -> str:
    """Sanitised HTML with each address joined to that of its page; footnotes then lead to the page itself."""

    def join(match: re.Match) -> str:
        return f'{match[1]}="{escape(urljoin(base, unescape(match[2])))}"'

    return _TAG.sub(lambda tag: _ADDRESS.sub(join, tag[0]), html)


def without_hidden_words(html: SafeString) -> SafeString:
    """The text without the words that only our style sheet hides: feed readers would print them."""
    return mark_safe(_HIDDEN.sub("", html))


# --- Views --------------------------------------------------------------------------------------


@public_page
def site_feed(request: HttpRequest, ending: str) -> HttpResponse:
    """The newest reviews of all."""
    publication = Publication.current()
    description = publication.tagline or publication.description or f"Film reviews of {publication.name}"
    stem = site_stem()
    channel = Channel(publication.name, description, reverse("home"), stem, Review.objects.published())
    return answer(channel, publication, ending)


@public_page
def author_feed(request: HttpRequest, slug: str, ending: str) -> HttpResponse:
    """The newest reviews an author signed."""
    author, redirect = get_or_redirect(Author.objects.all(), slug)
    if redirect:
        return moved(redirect, "authors", ending)
    publication = Publication.current()
    title = f"{publication.name}: reviews by {author.name}"
    stem = author_stem(author)
    channel = Channel(title, title, author.get_absolute_url(), stem, Review.objects.published().by(author))
    return answer(channel, publication, ending)


@public_page
def tag_feed(request: HttpRequest, slug: str, ending: str) -> HttpResponse:
    """The newest reviews with a tag; a tag that no public review has is no feed, as it is no page."""
    tag, redirect = tag_or_redirect(slug)
    if redirect:
        return moved(redirect, "tags", ending)
    reviews = Review.objects.published().tagged(tag)
    publication = Publication.current()
    title = f"{publication.name}: reviews filed under “{tag.name}”"
    return answer(Channel(title, title, tag_address(tag), tag_stem(tag), reviews), publication, ending)


@public_page
def director_feed(request: HttpRequest, slug: str, ending: str) -> HttpResponse:
    """The newest reviews of the films a person directed."""
    directors = Person.objects.filter(pk__in=Credit.objects.filter(role=Role.DIRECTOR).values("person"))
    person, redirect = get_or_redirect(directors, slug)
    if redirect:
        return moved(redirect, "directors", ending)
    publication = Publication.current()
    title = f"{publication.name}: films directed by {person.name}"
    directed = Credit.objects.filter(role=Role.DIRECTOR, person=person).values("film")
    reviews = Review.objects.published().filter(film__in=directed)
    return answer(Channel(title, title, person.get_absolute_url(), director_stem(person), reviews), publication, ending)


@public_page
def season_feed(request: HttpRequest, slug: str, ending: str) -> HttpResponse:
    """The newest reviews of a season."""
    season, redirect = get_or_redirect(Season.objects.public(), slug)
    if redirect:
        return moved(redirect, "seasons", ending)
    publication = Publication.current()
    title = f"{publication.name}: {season.title}"
    description = season.standfirst or title
    reviews = season.reviews().published()
    return answer(
        Channel(title, description, season.get_absolute_url(), season_stem(season), reviews), publication, ending
    )


def moved(redirect: HttpResponse, kind: str, ending: str) -> HttpResponse:
    """The redirect to a page made one to the feed of that page, for readers who subscribed under an old name."""
    slug = redirect.headers["Location"].rstrip("/").rpartition("/")[2]
    redirect.headers["Location"] = f"/feeds/{kind}/{slug}.{ending}"
    return redirect


# --- Addresses: /feeds/reviews.atom, /feeds/authors/otto-splice.rss … ------------------------------


def site_stem() -> str:
    return _stem("reviews")


def author_stem(author: Author) -> str:
    return _stem("author", author.slug)


def tag_stem(tag: Tag) -> str:
    return _stem("tag", tag.slug)


def director_stem(person: Person) -> str:
    return _stem("director", person.slug)


def season_stem(season: Season) -> str:
    return _stem("season", season.slug)


def _stem(kind: str, *slug: str) -> str:
    """The address of a feed without the ending that chooses its format."""
    return reverse(f"feeds:{kind}-atom", args=slug).removesuffix(".atom")
