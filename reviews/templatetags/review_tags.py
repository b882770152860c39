"""How opinion is printed."""

from decimal import Decimal
from functools import partial

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.printing import headings, printed
from config.richtext import plain_text
from reviews.models.fields import figure_of

register = template.Library()
register.filter("printed", printed)
register.filter("printed_page", partial(printed, lower_headings=False))
register.filter("headings", headings)
register.filter("plain_text", plain_text)


@register.simple_tag(takes_context=True)
def rating(context, value: Decimal | float | None, *, link: bool = True) -> SafeString:
    """A rating as dots with its figure, leading to what it means; nothing if there is none or the publication
    prints none. `link=False` is for the page of the scale itself and for where a link is already."""
    if value is None or not context["publication"].show_ratings:
        return SafeString("")
    halves, figure = round(value * 2), figure_of(value)
    mark = format_html(
        '<span aria-hidden="true">{}/5</span><span class="vh">Rated {} out of 5{}</span>',
        figure,
        figure,
        "; what that means" if link else "",
    )
    if not link:
        return format_html('<span class="rating r-{}">{}</span>', halves, mark)
    return format_html('<a class="rating r-{}" href="{}#rated-{}">{}</a>', halves, reverse("ratings"), figure, mark)
