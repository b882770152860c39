"""How search results are printed."""

from django import template
from django.utils.safestring import SafeString

from reviews.search.analysis import Query
from reviews.search.snippets import marker_of

register = template.Library()


@register.simple_tag
def marked(query: Query, text: str) -> SafeString:
    """The text with the words of the query marked."""
    return marker_of(query).marked(text)
