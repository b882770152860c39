"""oEmbed 1.0 (https://oembed.com): other sites ask how to show a review of ours.

The answer is a quotation card in plain HTML: no script, no frame, so nobody has to trust us and our
Content-Security-Policy need not let anybody frame our pages."""

import io
from math import ceil
from urllib.parse import unquote, urlencode, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils.text import get_text_list
from django.utils.xmlutils import SimplerXMLGenerator

from config.http import public_page
from config.slugs import get_or_redirect
from reviews import drawing
from reviews.models import Publication, Review
from reviews.outside import absolute, own_name, rating_figure, xml_text

WIDTH = 600  # of the card, at most: its words wrap into less
LETTER, LINE, SPACE = 9, 24, 16  # pixels that a letter, a line and the room between two texts take in usual type
NO_LIMIT = 999_999
CACHE_SECONDS = 24 * 60 * 60
FORMATS = ("json", "xml")


def discovery_links(review: Review) -> list[tuple[str, str]]:
    """Media type and address of each format of the answer, for the review's page."""
    page = absolute(review.get_absolute_url())
    kinds = zip(("application/json+oembed", "text/xml+oembed"), FORMATS, strict=True)
    return [(kind, absolute(f"{reverse('oembed')}?{urlencode({'url': page, 'format': name})}")) for kind, name in kinds]


@public_page
def oembed(request: HttpRequest) -> HttpResponse:
    """How to show the review at ?url=. 400 without an address or with a size that is none, 404 for what is no public
    review here, 501 for a format other than json and xml (section 2.3.4)."""
    kind = request.GET.get("format", "json")
    if kind not in FORMATS:
        return HttpResponse("Formats: json, xml.", status=501, content_type="text/plain; charset=utf-8")
    try:
        most = _most(request, "maxwidth"), _most(request, "maxheight")
    except ValueError:
        return HttpResponseBadRequest("maxwidth and maxheight are numbers of pixels.", content_type="text/plain")
    if not (address := request.GET.get("url")):
        return HttpResponseBadRequest("Say which review: ?url=…", content_type="text/plain; charset=utf-8")
    told = told_of(review_at(address), most)
    response = (
        JsonResponse(told) if kind == "json" else HttpResponse(_as_xml(told), content_type="text/xml; charset=utf-8")
    )
    response.headers["Access-Control-Allow-Origin"] = "*"  # the same for everybody, so scripts anywhere may read it
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _most(request: HttpRequest, name: str) -> int:
    """A limit the asker sets, by default none to speak of. Raises ValueError if it is no number of pixels."""
    asked = request.GET.get(name, str(NO_LIMIT))
    if not (asked.isascii() and asked.isdigit() and 0 < len(asked) <= 6 and int(asked)):
        raise ValueError(name)
    return int(asked)


def review_at(address: str) -> Review:
    """The public review at an address of ours, a former one included; Http404 if there is none."""
    try:
        parts, own = urlsplit(address), urlsplit(settings.SITE_URL)
        match = resolve(unquote(parts.path, errors="strict").removesuffix("/") + "/")
    except (ValueError, Resolver404):
        raise Http404("No review at this address.") from None
    if (
        parts.scheme not in ("http", "https")
        or parts.netloc.lower() != own.netloc
        or match.view_name != "reviews:detail"
    ):
        raise Http404("No review at this address.")
    reviews = Review.objects.published().select_related("film", "social_card").with_authors()
    review, redirect = get_or_redirect(reviews, match.kwargs["slug"])
    return review or review_at(absolute(redirect.url))


def told_of(review: Review, most: tuple[int, int]) -> dict:
    """The answer, with a card at most so many pixels wide and high: the whole one, else one without the standfirst,
    else none, and then the answer is of type "link"."""
    publication = Publication.current()
    authors = review.author_names
    told = {
        "version": "1.0",
        "title": own_name(review),
        "author_name": ", ".join(author["name"] for author in authors),
        "author_url": absolute(reverse("authors:detail", args=[authors[0]["slug"]])) if len(authors) == 1 else "",
        "provider_name": publication.name,
        "provider_url": absolute(reverse("home")),
        "cache_age": CACHE_SECONDS,
    }
    card = _card(review, publication, review.standfirst, most) or _card(review, publication, "", most)
    told |= card or {"type": "link"}
    return {key: value for key, value in told.items() if value != ""} | _thumbnail(review, most)


def _card(review: Review, publication: Publication, standfirst: str, most: tuple[int, int]) -> dict | None:
    """The card with its size; None if it is higher than the limit."""
    names = get_text_list([author["name"] for author in review.author_names], "and")
    texts = [own_name(review), *filter(None, [standfirst]), f"Rated 4.5 out of 5 by {names} in {publication.name}"]
    width = min(WIDTH, most[0])
    height = height_of(texts, width)
    if height > most[1]:
        return None
    words = {
        "review": review,
        "standfirst": standfirst,
        "address": absolute(review.get_absolute_url()),
        "publication": publication,
        "title": own_name(review),
        "figure": rating_figure(review, publication),
        "scale": absolute(reverse("ratings")),
    }
    html = render_to_string("reviews/oembed_card.html", words).strip()
    return {"type": "rich", "width": width, "height": height, "html": html}


def height_of(texts: list[str], width: int) -> int:
    """How high texts one below the other are in a page's usual type, rather too much than too little."""
    lines = sum(ceil(len(text) * LETTER / width) for text in texts)
    return lines * LINE + (len(texts) + 1) * SPACE


def _thumbnail(review: Review, most: tuple[int, int]) -> dict:
    """The review's social card, if it is made and fits the asker's limits."""
    card = getattr(review, "social_card", None)
    if card is None or most[0] < drawing.WIDTH or most[1] < drawing.HEIGHT:
        return {}
    size = {"thumbnail_width": drawing.WIDTH, "thumbnail_height": drawing.HEIGHT}
    return {"thumbnail_url": absolute(card.image.url)} | size


def _as_xml(told: dict) -> str:
    out = io.StringIO()
    handler = SimplerXMLGenerator(out, "utf-8")
    handler.startDocument()
    handler.startElement("oembed", {})
    for name, value in told.items():
        handler.addQuickElement(name, xml_text(str(value)))
    handler.endElement("oembed")
    return out.getvalue()
