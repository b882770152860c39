"""Names of people in running text. Takes dicts with name and slug, as with_authors() and with_card() give them."""

from collections.abc import Iterable

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import get_text_list

register = template.Library()


@register.filter
def names(people: Iterable[dict]) -> str:
    """The names as one phrase: "A", "A and B", "A, B and C"."""
    return get_text_list([person["name"] for person in people], "and")


@register.simple_tag
def linked_names(people: Iterable[dict], page: str, rel: str = "") -> SafeString:
    """The same with a link on each name; `page` is the name of an address that takes a slug."""
    links = [
        format_html(
            '<a href="{}"{}>{}</a>',
            reverse(page, args=[person["slug"]]),
            format_html(' rel="{}"', rel) if rel else "",
            person["name"],
        )
        for person in people
    ]
    return SafeString(get_text_list(links, "and"))
