"""What the templates of letters print that a page prints otherwise: pictures, ratings, emphasis."""

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from subscriptions.snapshot import EMPHASIS

register = template.Library()
SMALL = 400  # pixels


@register.simple_tag
def still(item: dict, width: int) -> SafeString:
    """The item's picture, as wide as its column. Snapshots made before there were small ones have the large one only."""
    picture = item["still"]
    is_small = width < SMALL
    return format_html(
        '<img src="{}" width="{}" height="{}" alt="{}" class="still{}">',
        picture.get("small", picture["url"]) if is_small else picture["url"],
        width,
        round(width * picture["height"] / picture["width"]),
        picture["alt"],
        " soft" if is_small else "",
    )


@register.filter
def dots(rating: str) -> str:
    """A rating such as "3.5" as five dots."""
    whole, _point, half = rating.partition(".")
    return ("●" * int(whole) + "◐" * bool(half)).ljust(5, "○")


@register.filter
def as_number(rating: str) -> float | None:
    """A rating of a snapshot for the page's own {% rating %}."""
    return float(rating) if rating else None


@register.filter
def emphasised(paragraph: str) -> SafeString:
    """A paragraph of a snapshot, with the words that were set in italics."""
    text = conditional_escape(paragraph)
    for mark, tag in zip(EMPHASIS, ("<em>", "</em>"), strict=True):
        text = text.replace(mark, tag)
    return mark_safe(text)
