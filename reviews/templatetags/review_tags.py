"""How opinion is printed."""

from decimal import Decimal
from functools import partial

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.richtext import plain_text, printed

register = template.Library()
register.filter("printed", printed)
register.filter("printed_page", partial(printed, lower_headings=False))
register.filter("plain_text", plain_text)


@register.simple_tag(takes_context=True)
def rating(context, value: Decimal | float | None) -> SafeString:
    """A rating as dots with its figure; nothing if there is none or the publication prints none."""
    if value is None or not context["publication"].show_ratings:
        return SafeString("")
    halves = round(value * 2)
    figure = f"{Decimal(halves) / 2:f}".removesuffix(".0")
    return format_html(
        '<span class="rating r-{}"><span aria-hidden="true">{}/5</span><span class="vh">Rated {} out of 5</span></span>',
        halves,
        figure,
        figure,
    )
