"""What public pages have in common."""

import re
from functools import wraps

from django.core.paginator import EmptyPage, Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe


def public_page(view):
    """A page that is the same bytes for every reader: GET and HEAD only, and caches in front of us may keep
    it for a minute. Browsers ask again each time and mostly hear "not modified"."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        return for_everybody(response) if response.status_code == 200 else response

    return require_safe(answer)


def for_everybody(response: HttpResponse) -> HttpResponse:
    """The answer, with leave for caches to keep it. It says itself what the packer would say of it: a "not modified"
    is never packed, and has to name the same as the page."""
    patch_cache_control(response, public=True, max_age=0, s_maxage=60)
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def page_number(text: str) -> int:
    """The number of a page as an address names it, 1 if it names none; Http404 if that is no number of a page."""
    if text and not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise Http404("Pages are numbered from 1, without zeros in front.")
    return int(text or 1)


def page_of(request: HttpRequest, items, per_page: int) -> Page:
    """The page of a list that ?page= asks for, the first if it does not; Http404 past either end."""
    try:
        return Paginator(items, per_page).page(page_number(request.GET.get("page", "")))
    except EmptyPage:
        raise Http404("There is no such page of this list.") from None
