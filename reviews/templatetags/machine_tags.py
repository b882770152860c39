"""What the head of a page tells machines: feeds, cards for sharing, data for search engines.

One tag for each kind of page that has more to tell than others. Each reads what the page's view has fetched already
and asks the database for nothing; the editors' previews say nothing to anybody."""

from html import unescape
from unicodedata import normalize

from django import template
from django.core.paginator import Page
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from taggit.models import Tag

from config.images import Picture
from films.models import Role
from reviews import feeds, structured
from reviews.archive.address import printed
from reviews.archive.menus import Archive
from reviews.drawing import HEIGHT, WIDTH
from reviews.models import Author, Publication, Review
from reviews.oembed import discovery_links
from reviews.outside import absolute, modified_at, own_name, picture_address, picture_size, publication_card

register = template.Library()

FEED_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}
DESCRIPTION_LENGTH = 155
ARCHIVES = {"reviews:list": "Reviews", "films:list": "Films", "people:list": "People"}


@register.simple_block_tag
def words(content: str) -> str:
    """What is printed inside, as one line."""
    return SafeString(" ".join(content.split()))


# --- What the page is


def own_address(context) -> str:
    """The one address of the page, written as get_absolute_url() does."""
    if archive := context.get("archive"):
        return absolute(archive.canonical)
    page = context.get("page")
    number = f"?page={page.number}" if isinstance(page, Page) and page.number > 1 else ""
    return absolute(iri_to_uri(normalize("NFC", context["request"].path)) + number)


def own_title(context) -> str:
    """The page's title without the publication's name, which is told elsewhere."""
    return unescape(context["page_title"]).removesuffix(f" – {context['publication'].name}")


@register.simple_tag(takes_context=True)
def canonical(context) -> SafeString:
    """The page's one address."""
    return format_html('<link rel="canonical" href="{}">', own_address(context))


# --- Feeds


@register.simple_tag(takes_context=True)
def feed_links(context) -> SafeString:
    """Links to the feeds of the whole site, and to those of what the page is about."""
    channels = [(context["publication"].name, feeds.site_stem())]
    if own := own_feed(context):
        channels.append(own)
    return format_html_join(
        "\n",
        '<link rel="alternate" type="{}" title="{}" href="{}.{}">',
        ((kind, title, stem, ending) for title, stem in channels for ending, kind in FEED_TYPES.items()),
    )


@register.simple_tag(takes_context=True)
def feed_address(context) -> str:
    """The feed a reader of this page is offered: that of what it is about, else that of the site."""
    _title, stem = own_feed(context) or ("", feeds.site_stem())
    return f"{stem}.atom"


def own_feed(context) -> tuple[str, str] | None:
    """Title and stem of the feed of what the page is about, if that has one."""
    if context.get("preview"):
        return None
    name, narrowed = context["publication"].name, _narrowed_to(context.get("archive"))
    if author := context.get("author") or narrowed.get("author"):
        return f"{name}: reviews by {author.name}", feeds.author_stem(author)
    if tag := context.get("tag") or narrowed.get("tag"):
        return f"{name}: reviews filed under “{tag.name}”", feeds.tag_stem(tag)
    if season := context.get("season"):
        return f"{name}: {season.title}", feeds.season_stem(season)
    person = context.get("person")
    if person and any(group.role == Role.DIRECTOR for group in context["groups"]):
        return f"{name}: films directed by {person.name}", feeds.director_stem(person)
    return None


def _narrowed_to(archive: Archive | None) -> dict[str, Author | Tag]:
    """The author or the theme, if the archive shows all reviews with that and nothing else."""
    if archive and len(archive.question.chosen) == 1:
        ((facet, slug),) = archive.question.chosen.items()
        if model := {"author": Author, "tag": Tag}.get(facet):
            return {facet: model(slug=slug, name=printed(archive.index, facet, slug))}
    return {}


# --- Cards for sharing


def social(context, *, kind="website", title="", image=None, more=()) -> SafeString:
    """Open Graph (https://ogp.me) and X's card. `image` is a dict of url, width, height and alt; without one the
    publication's card stands for the page. A kind of its own has to say a title of its own."""
    publication = context["publication"]
    image = image or publication_card(publication)
    properties = [
        ("og:site_name", publication.name),
        ("og:type", kind),
        ("og:locale", "en_GB"),
        ("og:title", title or own_title(context)),
        ("og:description", Truncator(unescape(context["page_description"])).chars(DESCRIPTION_LENGTH)),
        ("og:url", own_address(context)),
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
    width, height = picture_size(picture)
    return {"url": picture_address(picture), "width": width, "height": height, "alt": alt}


def card_made(review: Review, alt: str) -> dict | None:
    """The review's social card, if it is made."""
    card = getattr(review, "social_card", None)
    return card and {"url": absolute(card.image.url), "width": WIDTH, "height": HEIGHT, "alt": alt}


def _address_of(image: dict | None, publication: Publication) -> str:
    """Where a picture lies, or else the publication's card; "" until that is made."""
    image = image or publication_card(publication)
    return image["url"] if image else ""


def _joined(*parts: SafeString) -> SafeString:
    return format_html_join("\n", "{}", ((part,) for part in parts if part))


# --- The head of each kind of page


@register.simple_tag(takes_context=True)
def page_head(context, kind: str = "WebPage", items=(), name: str = "") -> SafeString:
    """Of any page that has no more to tell than its title, its description and the records it lists. `name` is what
    its breadcrumb calls it, if not its title."""
    if context.get("preview"):
        return SafeString("")
    publication, title, address = context["publication"], own_title(context), own_address(context)
    first = items.start_index() if isinstance(items, Page) else 1
    return _joined(
        social(context),
        structured.data_block(
            structured.page(
                kind,
                title,
                address,
                publication,
                description=unescape(context["page_description"]),
                items=structured.item_list(((str(item), item.get_absolute_url()) for item in items), first),
            ),
            structured.breadcrumb(*way_to(context), (name or title, address)),
        ),
    )


def way_to(context) -> list[tuple[str, str]]:
    """The pages above this one: those that its breadcrumb prints, the whole of which it lists a part, or home."""
    place = context["request"].resolver_match.view_name
    if place in ("archive-year", "archive-month"):
        year = context["year"]
        return [("Archive", reverse("archive")), *([(year.label, year.address)] if context["is_month"] else [])]
    if place == "tags:detail":
        return [("Reviews", reverse("reviews:list"))]
    if place in ARCHIVES and context["archive"].question.query:
        return [(ARCHIVES[place], reverse(place))]
    return [(context["publication"].name, reverse("home"))]


@register.simple_tag(takes_context=True)
def review_head(context) -> SafeString:
    """Of a review's page."""
    if context.get("preview"):
        return SafeString("")
    review, publication, tags = context["review"], context["publication"], context["tags"]
    still = review.still
    image = card_made(review, own_name(review)) or _image(still, still.alt if still else "")
    times = [
        ("article:published_time", review.published_at.isoformat()),
        ("article:modified_time", modified_at(review).isoformat()),
        *(("article:author", absolute(author.get_absolute_url())) for author in review.authors()),
        *(("article:tag", tag.name) for tag in tags),
    ]
    return _joined(
        format_html('<meta name="author" content="{}">', review.byline()),
        SafeString('<meta name="robots" content="max-image-preview:large">'),
        format_html_join(
            "\n",
            '<link rel="alternate" type="{}" title="{}" href="{}">',
            ((kind, review.title, address) for kind, address in discovery_links(review)),
        ),
        social(context, kind="article", title=own_name(review), image=image, more=times),
        structured.data_block(
            structured.review_data(review, context["credits"], tags, publication, _address_of(image, publication)),
            structured.breadcrumb(("Reviews", reverse("reviews:list")), (review.title, review.get_absolute_url())),
        ),
    )


@register.simple_tag(takes_context=True)
def film_head(context) -> SafeString:
    """Of a film's page. A film without a still is shown by the card of a review of it."""
    film, publication, reviews = context["film"], context["publication"], context["reviews"]
    still = film.card_still
    cards = (card_made(review, str(film)) for review in reviews)
    image = _image(still, still.alt if still else "") or next(filter(None, cards), None)
    return _joined(
        social(context, kind="video.movie", title=str(film), image=image),
        structured.data_block(
            structured.movie_with_reviews(
                film, context["credits"], reviews, publication, _address_of(image, publication)
            ),
            structured.breadcrumb(("Films", reverse("films:list")), (film.title, film.get_absolute_url())),
        ),
    )


@register.simple_tag(takes_context=True)
def person_head(context) -> SafeString:
    """Of a person's page."""
    person = context["person"]
    return _joined(
        social(
            context, kind="profile", title=person.name, image=_image(getattr(person, "portrait", None), person.name)
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
        social(
            context, kind="profile", title=author.name, image=_image(getattr(author, "portrait", None), author.name)
        ),
        structured.data_block(
            structured.author_profile(author, publication),
            structured.breadcrumb(("Writers", reverse("authors:list")), (author.name, author.get_absolute_url())),
        ),
    )


@register.simple_tag(takes_context=True)
def season_head(context) -> SafeString:
    """Of a season's page."""
    if context.get("preview"):
        return SafeString("")
    season, programme, publication = context["season"], context["programme"], context["publication"]
    still = next((part.still for part in programme.parts if part.still), None)
    return _joined(
        social(context, title=season.title, image=_image(still, still.alt if still else "")),
        structured.data_block(
            structured.season_data(season, programme.parts, publication),
            structured.breadcrumb(("Seasons", reverse("seasons:list")), (season.title, season.get_absolute_url())),
        ),
    )


@register.simple_tag(takes_context=True)
def home_head(context) -> SafeString:
    """Of the front page."""
    if context.get("preview"):
        return SafeString("")
    publication = context["publication"]
    return _joined(
        social(context, title=publication.name),
        structured.data_block(structured.web_site(publication), structured.organisation(publication)),
    )
