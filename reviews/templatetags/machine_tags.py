"""What the head of a page tells machines: feeds, cards for sharing, data for search engines.

One tag for each kind of page. Each reads what the page's view has fetched already and asks the database for
nothing; the editors' preview of a review says nothing to anybody."""

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from config.images import Picture
from config.richtext import plain_text
from reviews import feeds, structured
from reviews.drawing import HEIGHT, WIDTH
from reviews.models import Review
from reviews.oembed import discovery_links
from reviews.outside import absolute, modified_at, own_name, picture_address

register = template.Library()

FEED_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}
DESCRIPTION_LENGTH = 155


@register.simple_tag(takes_context=True)
def site_feeds(context) -> SafeString:
    """Links to the feeds of the whole site."""
    return feed_links(context["publication"].name, feeds.site_stem())


def feed_links(title: str, stem: str) -> SafeString:
    """Links to one feed in its formats."""
    return format_html_join(
        "\n",
        '<link rel="alternate" type="{}" title="{}" href="{}.{}">',
        ((kind, title, stem, ending) for ending, kind in FEED_TYPES.items()),
    )


def social(publication, *, kind="website", title, text="", address, image=None, more=()) -> SafeString:
    """Open Graph (https://ogp.me) and X's card. `image` is a dict of url, width, height and alt, or None."""
    properties = [
        ("og:site_name", publication.name),
        ("og:type", kind),
        ("og:locale", "en_GB"),
        ("og:title", title),
        ("og:description", Truncator(text).chars(DESCRIPTION_LENGTH)),
        ("og:url", absolute(address)),
    ]
    if image:
        properties += [
            ("og:image", image["url"]),
            ("og:image:width", image["width"]),
            ("og:image:height", image["height"]),
            ("og:image:alt", image["alt"]),
        ]
    properties += more
    tags = format_html_join(
        "\n", '<meta property="{}" content="{}">', ((name, value) for name, value in properties if value)
    )
    card = "summary_large_image" if image else "summary"
    return format_html('{}\n<meta name="twitter:card" content="{}">', tags, card)


def _image(picture: Picture | None, alt: str) -> dict | None:
    if picture is None:
        return None
    return {"url": picture_address(picture), "width": 0, "height": 0, "alt": alt}


def card_of(review: Review) -> dict | None:
    """The review's social card; until it is made, its still."""
    if card := getattr(review, "social_card", None):
        return {"url": absolute(card.image.url), "width": WIDTH, "height": HEIGHT, "alt": own_name(review)}
    return _image(review.still, review.still.alt) if review.still else None


def _joined(*parts: SafeString) -> SafeString:
    return format_html_join("\n", "{}", ((part,) for part in parts if part))


@register.simple_tag(takes_context=True)
def review_head(context) -> SafeString:
    """Of a review's page."""
    if context.get("preview"):
        return SafeString("")
    review, publication = context["review"], context["publication"]
    image, tags = card_of(review), context["tags"]
    times = [
        ("article:published_time", review.published_at.isoformat()),
        ("article:modified_time", modified_at(review).isoformat()),
        *(("article:author", absolute(author.get_absolute_url())) for author in review.authors()),
        *(("article:tag", tag.name) for tag in tags),
    ]
    return _joined(
        SafeString('<meta name="robots" content="max-image-preview:large">'),
        format_html_join(
            "\n",
            '<link rel="alternate" type="{}" title="{}" href="{}">',
            ((kind, review.title, address) for kind, address in discovery_links(review)),
        ),
        social(
            publication,
            kind="article",
            title=own_name(review),
            text=review.description,
            address=review.get_absolute_url(),
            image=image,
            more=times,
        ),
        structured.data_block(
            structured.review_data(review, context["credits"], tags, publication, image["url"] if image else ""),
            structured.breadcrumb(("Reviews", reverse("reviews:list")), (review.title, review.get_absolute_url())),
        ),
    )


@register.simple_tag(takes_context=True)
def film_head(context) -> SafeString:
    """Of a film's page."""
    film, publication = context["film"], context["publication"]
    still = film.card_still
    return _joined(
        social(
            publication,
            kind="video.movie",
            title=str(film),
            text=film.synopsis,
            address=film.get_absolute_url(),
            image=_image(still, still.alt if still else ""),
        ),
        structured.data_block(
            structured.movie_with_reviews(film, context["credits"], context["reviews"], publication),
            structured.breadcrumb(("Films", reverse("films:list")), (film.title, film.get_absolute_url())),
        ),
    )


@register.simple_tag(takes_context=True)
def person_head(context) -> SafeString:
    """Of a person's page; a director's has a feed."""
    person, publication = context["person"], context["publication"]
    directs = any(group.role == "director" for group in context["groups"])
    title = f"{publication.name}: films directed by {person.name}"
    return _joined(
        feed_links(title, feeds.director_stem(person)) if directs else SafeString(""),
        social(
            publication,
            kind="profile",
            title=person.name,
            text=plain_text(person.bio),
            address=person.get_absolute_url(),
            image=_image(getattr(person, "portrait", None), person.name),
        ),
        structured.data_block(
            structured.person_data(person),
            structured.breadcrumb(("People", reverse("people:list")), (person.name, person.get_absolute_url())),
        ),
    )


@register.simple_tag(takes_context=True)
def author_head(context) -> SafeString:
    """Of an author's page."""
    author, publication = context["author"], context["publication"]
    return _joined(
        feed_links(f"{publication.name}: reviews by {author.name}", feeds.author_stem(author)),
        social(
            publication,
            kind="profile",
            title=author.name,
            text=plain_text(author.bio),
            address=author.get_absolute_url(),
            image=_image(getattr(author, "portrait", None), author.name),
        ),
        structured.data_block(
            structured.author_profile(author, publication),
            structured.breadcrumb(("Writers", reverse("authors:list")), (author.name, author.get_absolute_url())),
        ),
    )


@register.simple_tag(takes_context=True)
def tag_head(context) -> SafeString:
    """Of a tag's page."""
    tag, publication = context["tag"], context["publication"]
    address = reverse("tags:detail", args=[tag.slug])
    return _joined(
        feed_links(f"{publication.name}: reviews filed under “{tag.name}”", feeds.tag_stem(tag)),
        social(publication, title=tag.name, address=address),
        structured.data_block(structured.breadcrumb(("Reviews", reverse("reviews:list")), (tag.name, address))),
    )


@register.simple_tag(takes_context=True)
def season_head(context) -> SafeString:
    """Of a season's page; the editors' preview says nothing to anybody."""
    if context.get("preview"):
        return SafeString("")
    season, programme, publication = context["season"], context["programme"], context["publication"]
    still = next((part.still for part in programme.parts if part.still), None)
    image = _image(still, still.alt if still else "")
    return _joined(
        feed_links(f"{publication.name}: {season.title}", feeds.season_stem(season)),
        social(publication, title=season.title, text=season.standfirst, address=season.get_absolute_url(), image=image),
        structured.data_block(
            structured.season_data(season, programme.parts, publication),
            structured.breadcrumb(("Seasons", reverse("seasons:list")), (season.title, season.get_absolute_url())),
        ),
    )


@register.simple_tag(takes_context=True)
def home_head(context) -> SafeString:
    """Of the front page; the editors' preview says nothing to anybody."""
    if context.get("preview"):
        return SafeString("")
    publication = context["publication"]
    logo = publication.logo
    return _joined(
        social(
            publication,
            title=publication.name,
            text=publication.description or publication.tagline,
            address=reverse("home"),
            image={"url": absolute(logo.url), "width": 0, "height": 0, "alt": publication.name} if logo else None,
        ),
        structured.data_block(structured.web_site(publication), structured.organisation(publication)),
    )
