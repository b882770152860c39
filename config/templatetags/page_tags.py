"""How long lists are paged."""

from django import template
from django.core.paginator import Page
from django.utils.encoding import escape_uri_path

register = template.Library()


@register.simple_tag(takes_context=True)
def page_address(context, number: int) -> str:
    """The address of another page of the present list; the first page's says no number."""
    request = context["request"]
    asked = request.GET.copy()
    asked.pop("page", None)
    if number > 1:
        asked["page"] = number
    path = escape_uri_path(request.path)
    return f"{path}?{asked.urlencode()}" if asked else path


@register.filter
def page_numbers(page: Page) -> list[int]:
    """The numbers a pager links: first, last, the present one and its neighbours; 0 stands for a gap."""
    last = page.paginator.num_pages
    shown = sorted({1, last, *range(max(1, page.number - 1), min(last, page.number + 1) + 1)})
    numbers: list[int] = []
    for number in shown:
        gap = number - numbers[-1] if numbers else 1
        if gap == 2:
            numbers.append(number - 1)
        elif gap > 2:
            numbers.append(0)
        numbers.append(number)
    return numbers
