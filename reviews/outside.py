"""What other machines are told in the same words wherever they ask: addresses, dates, names, pictures."""

import re
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from config.images import Picture, fallback_width
from reviews import drawing
from reviews.models import Publication, Review
from reviews.models.fields import figure_of

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def absolute(address: str) -> str:
    """An address of ours with scheme and host; one that has them already (media in a bucket) stays."""
    return urljoin(f"{settings.SITE_URL}/", address)


def xml_text(text: str) -> str:
    """The text without the characters that XML 1.0 (2.2) cannot hold, not even escaped."""
    return _NOT_XML.sub("", text)


def modified_at(review: Review) -> datetime:
    """When the review last said something new. A date of updating still to come is not told before its time."""
    if review.updated_at and review.updated_at <= timezone.now():
        return max(review.updated_at, review.published_at)
    return review.published_at


def tag_uri(review: Review) -> str:
    """The review's name for ever, whatever becomes of its address (RFC 4151).

    The year is that of the record: the date of first publication may be corrected by an editor, this cannot."""
    host = urlsplit(settings.SITE_URL).hostname
    return f"tag:{host},{review.created_at.year}:review/{review.pk}"


def rating_figure(review: Review, publication: Publication) -> str:
    """The rating as it is printed, "3.5" or "4"; empty if there is none or the publication prints none."""
    if review.rating is None or not publication.show_ratings:
        return ""
    return figure_of(review.rating)


def picture_address(picture: Picture) -> str:
    """The address of a JPEG or WebP of moderate size, which every feed reader and crawler knows."""
    return absolute(picture.src())


def picture_size(picture: Picture) -> tuple[int, int]:
    """Width and height of what picture_address() leads to."""
    width = fallback_width(picture.widths) if picture.widths else picture.width
    return width, round(width * picture.height / picture.width) if picture.width else 0


def publication_card(publication: Publication) -> dict | None:
    """The publication's own card with its measures, for what has no picture; None until the worker has made it."""
    if not publication.card_rows:
        return None
    address = absolute(default_storage.url(publication.card_rows[0]["image"]))
    return {"url": address, "width": drawing.WIDTH, "height": drawing.HEIGHT, "alt": publication.name}


def picture_type(picture: Picture) -> str:
    """The media type of what picture_address() leads to."""
    return "image/webp" if picture.src().endswith(".webp") else "image/jpeg"


def own_name(review: Review) -> str:
    """The headline; for a review without one the film's title with its year, which alone would not say much."""
    year = review.film.year
    return review.headline or (f"{review.film.title} ({year})" if year else review.film.title)
