"""The archive by year and month of publication, in the publication's time zone."""

from datetime import date
from itertools import pairwise

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, re_path, reverse

from config.http import public_page
from reviews.archive.contents import ReviewIndex, reviews_now
from reviews.archive.menus import Choice, level_of
from reviews.archive.views import listed, review_page_of
from reviews.models import Publication


@public_page
def archive(request: HttpRequest) -> HttpResponse:
    """All years and months with reviews, and the ways into the archive by filters."""
    index = reviews_now(request)
    most = max(map(len, index.months.values()), default=0)
    years = [{"link": year_link(index, year), "months": months_of(index, year, most)} for year in index.years]
    return TemplateResponse(request, "reviews/archive.html", {"years": years, "total": len(index.pks)})


@public_page
def archive_year(request: HttpRequest, year: str) -> HttpResponse:
    """The reviews of one year."""
    index = reviews_now(request)
    if int(year) not in index.years:
        raise Http404("No review was published in this year.")
    earlier, later = neighbours(list(index.years), int(year))
    return _period(
        request,
        index,
        year=int(year),
        earlier=earlier and year_link(index, earlier),
        later=later and year_link(index, later),
    )


@public_page
def archive_month(request: HttpRequest, year: str, month: str) -> HttpResponse:
    """The reviews of one month."""
    index = reviews_now(request)
    if (int(year), int(month)) not in index.months:
        raise Http404("No review was published in this month.")
    earlier, later = neighbours(list(index.months), (int(year), int(month)))
    return _period(
        request,
        index,
        year=int(year),
        month=int(month),
        earlier=earlier and month_link(index, *earlier),
        later=later and month_link(index, *later),
    )


def _period(request: HttpRequest, index: ReviewIndex, year: int, month: int | None = None, **ways) -> HttpResponse:
    publication = Publication.current()
    page = review_page_of(request, index, index.published_in(year, month), publication)
    context = {
        "publication": publication,
        "heading": f"{date(year, month, 1):%B} {year}" if month else str(year),
        "year": year_link(index, year, is_chosen=month is None),
        "months": months_of(index, year, max(index.years[year].values()), month),
        "is_month": month is not None,
    }
    return TemplateResponse(request, "reviews/archive_period.html", context | ways | listed(page))


def neighbours(newest_first: list, present):
    """What comes before and after in time, None at either end."""
    steps = list(pairwise([None, *newest_first, None]))
    later = next(before for before, this in steps if this == present)
    earlier = next(after for this, after in steps if this == present)
    return earlier, later


def year_link(index: ReviewIndex, year: int, is_chosen: bool = False) -> Choice:
    """A year of publication, with its number of reviews."""
    return Choice(str(year), str(year), sum(index.years[year].values()), is_chosen, address_of(year))


def month_link(index: ReviewIndex, year: int, month: int) -> Choice:
    """A month of publication, with its number of reviews."""
    first = date(year, month, 1)
    return Choice(f"{first:%Y-%m}", f"{first:%B} {year}", index.years[year][month], address=address_of(year, month))


def months_of(index: ReviewIndex, year: int, most: int, chosen: int | None = None) -> list[Choice]:
    """The twelve months of a year as a histogram in which `most` reviews are the tallest bar; months without any
    have a count of 0 and no address."""
    counts = index.years[year]
    return [
        Choice(
            f"{month:02}",
            f"{date(year, month, 1):%b}",
            count := counts.get(month, 0),
            month == chosen,
            address_of(year, month) if count else "",
            level_of(count, most),
        )
        for month in range(1, 13)
    ]


def address_of(year: int, month: int | None = None) -> str:
    """The address of the archive of a year or a month."""
    if month is None:
        return reverse("archive-year", args=[f"{year:04}"])
    return reverse("archive-month", args=[f"{year:04}", f"{month:02}"])


def addresses(index: ReviewIndex) -> dict[str, int]:
    """The pages of all years and months, for the sitemap, each with the key of its newest review."""
    found: dict[str, int] = {}
    for (year, month), held in index.months.items():
        found.setdefault(address_of(year), index.pks[held.start])
        found[address_of(year, month)] = index.pks[held.start]
    return found


urls = [
    path("archive/", archive, name="archive"),
    re_path(r"^archive/(?P<year>[0-9]{4})/$", archive_year, name="archive-year"),
    re_path(r"^archive/(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/$", archive_month, name="archive-month"),
]
