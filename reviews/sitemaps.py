"""Sitemaps for search engines (https://www.sitemaps.org/protocol.html), and robots.txt (RFC 9309).

An index names files of at most FILE_LENGTH addresses each. A file holds a range of primary keys, so making one
takes one or two queries and the same time however many there are: no OFFSET, no count.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db.models import Case, F, Max, OuterRef, Q, QuerySet, Subquery, When
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from taggit.models import Tag, TaggedItem

from config.http import public_page
from config.images import Picture
from config.sql import rows
from films.models import Film, Still
from people.models import Person, Portrait
from reviews.archive import calendar
from reviews.archive.contents import ReviewIndex, reviews_now
from reviews.models import Author, AuthorPortrait, Page, Publication, Review, Season
from reviews.outside import absolute, modified_at, picture_address
from reviews.tags import tag_address

FILE_LENGTH = 2_000  # the protocol allows 50,000 addresses and 50 MB; a small file is made in a blink
LISTS = {  # pages that are there whatever the content, with the kind of record that dates each
    "home": "reviews",
    "reviews:list": "reviews",
    "archive": "reviews",
    "films:list": "films",
    "people:list": "people",
    "authors:list": "reviews",
    "subscriptions:subscribe": "",
}


@dataclass(frozen=True)
class Entry:
    """One address with the time of its last change and its pictures, as far as there are any."""

    address: str
    changed: datetime | None = None
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of page: the records that have one now, what dates a group of them (aggregates; the latest
    counts), and how records become entries."""

    records: Callable[[], QuerySet]
    dates: Callable[[], dict]
    entries: Callable[[QuerySet], list[Entry]]


def _picture_rows(pictures: QuerySet):
    """Pictures with their measures: a record made without them would open the file to look."""
    return rows(pictures, image="image", widths="widths", width="width", height="height")


def _addresses(model: type[Picture], found: Iterable[dict]) -> tuple[str, ...]:
    return tuple(picture_address(model(**row)) for row in found)


def _stills_of(film: str) -> QuerySet:
    return Still.objects.filter(film=OuterRef(film)).fit_to_publish().for_cards()


def _review_dates() -> dict:
    updated = Case(When(updated_at__lte=timezone.now(), then=F("updated_at")))
    return {"published": Max("published_at"), "updated": Max(updated)}


def _review_entries(records: QuerySet) -> list[Entry]:
    """Each picture stands with one page: the first review that it leads, or the film's own page if it leads none."""
    picture_columns = (f"lead_image__{name}" for name in ("image", "widths", "width", "height"))
    columns = ("slug", "published_at", "updated_at", *picture_columns)
    found = records.select_related("lead_image").only(*columns).annotate(stills=_picture_rows(_stills_of("film")[:1]))
    entries, named = [], set()
    for review in found:
        lead = review.lead_image
        pictures = (picture_address(lead),) if lead else _addresses(Still, review.stills)
        entries.append(
            Entry(review.get_absolute_url(), modified_at(review), () if named.issuperset(pictures) else pictures)
        )
        named.update(pictures)
    return entries


def _film_dates() -> dict:
    reviewed = Max("reviews__published_at", filter=Q(reviews__in=Review.objects.published()))
    return {"changed": Max("changed_at"), "reviewed": reviewed}


def _film_entries(records: QuerySet) -> list[Entry]:
    """Two queries: a subquery for each film would have SQLite walk through all reviews by date (20 s for a file)."""
    of_films = Review.objects.published().filter(film__in=records.order_by().values("pk")).order_by()
    reviews: dict[int, list[tuple]] = {}
    for film, published_at, lead in of_films.values_list("film", "published_at", "lead_image__image"):
        reviews.setdefault(film, []).append((published_at, lead))
    found = records.only("slug", "changed_at").annotate(stills_found=_picture_rows(_stills_of("pk")))
    return [_film_entry(film, reviews.get(film.pk, [])) for film in found]


def _film_entry(film: Film, reviews: list[tuple]) -> Entry:
    """A film's page; `reviews` are time and lead image of each, None where the film's first still leads it."""
    first = film.stills_found[0]["image"] if film.stills_found else None
    leading = {lead or first for _published_at, lead in reviews}
    stills = (still for still in film.stills_found if still["image"] not in leading)
    changed = max([film.changed_at, *(published_at for published_at, _lead in reviews)])
    return Entry(film.get_absolute_url(), changed, _addresses(Still, stills))


def _person_entries(records: QuerySet) -> list[Entry]:
    portraits = _picture_rows(Portrait.objects.filter(person=OuterRef("pk"))[:1])
    found = records.only("slug", "changed_at").annotate(portraits=portraits)
    return [Entry(one.get_absolute_url(), one.changed_at, _addresses(Portrait, one.portraits)) for one in found]


def _author_dates() -> dict:
    signed = Q(reviews_signed__review__in=Review.objects.published())
    return {"newest": Max("reviews_signed__review__published_at", filter=signed)}


def _author_entries(records: QuerySet) -> list[Entry]:
    portraits = _picture_rows(AuthorPortrait.objects.filter(author=OuterRef("pk"))[:1])
    found = records.only("slug").annotate(portraits=portraits, **_author_dates())
    return [Entry(one.get_absolute_url(), one.newest, _addresses(AuthorPortrait, one.portraits)) for one in found]


def _tags() -> QuerySet:
    """The tags that a public review has; others have no page."""
    kind = ContentType.objects.get_for_model(Review)
    public = Review.objects.published().order_by().values("pk")
    return Tag.objects.filter(pk__in=TaggedItem.objects.filter(content_type=kind, object_id__in=public).values("tag"))


def _tag_dates() -> dict:
    tagged = "taggit_taggeditem_items"
    review = Review.objects.published().order_by().filter(pk=OuterRef(f"{tagged}__object_id"))
    is_review = Q(**{f"{tagged}__content_type": ContentType.objects.get_for_model(Review)})
    return {"newest": Max(Subquery(review.values("published_at")), filter=is_review)}


def _tag_entries(records: QuerySet) -> list[Entry]:
    return [Entry(tag_address(tag), tag.newest) for tag in records.annotate(**_tag_dates())]


def _page_entries(records: QuerySet) -> list[Entry]:
    return [Entry(page.get_absolute_url(), page.changed_at) for page in records.only("slug", "changed_at")]


def _season_entries(records: QuerySet) -> list[Entry]:
    return [Entry(season.get_absolute_url(), season.changed_at) for season in records.only("slug", "changed_at")]


def _dated_by(column: str) -> Callable[[], dict]:
    return lambda: {"changed": Max(column)}


KINDS = {
    "reviews": Kind(Review.objects.published, _review_dates, _review_entries),
    "films": Kind(Film.objects.all, _film_dates, _film_entries),
    "people": Kind(Person.objects.all, _dated_by("changed_at"), _person_entries),
    "authors": Kind(Author.objects.all, _author_dates, _author_entries),
    "seasons": Kind(Season.objects.public, _dated_by("changed_at"), _season_entries),
    "tags": Kind(_tags, _tag_dates, _tag_entries),
    "pages": Kind(Page.objects.public, _dated_by("changed_at"), _page_entries),
}


def files_of(name: str) -> list[Entry]:
    """The files that a kind fills now, each with the date of the latest change in it: one query."""
    kind = KINDS[name]
    groups = (
        kind.records()
        .order_by()
        .annotate(file=F("pk") / FILE_LENGTH)
        .values("file")
        .annotate(**{f"date_of_{date}": latest for date, latest in kind.dates().items()})
        .order_by("file")
    )
    return [Entry(reverse("sitemap-file", args=[name, group.pop("file")]), _latest(group.values())) for group in groups]


def _latest(dates: Iterable[datetime | None]) -> datetime | None:
    """The latest of the dates that are known."""
    return max(filter(None, dates), default=None)


@public_page
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """The list of all sitemaps."""
    files = [file for name in KINDS for file in files_of(name)]
    lists = Entry(reverse("sitemap-lists"), _latest(file.changed for file in files))
    return _xml("reviews/sitemap_index.xml", [lists, *files])


@public_page
def sitemap_lists(request: HttpRequest) -> HttpResponse:
    """The pages that are there whatever the content, and the archive by year and month."""
    publication, lists = Publication.current(), dict(LISTS)
    if publication.season_rows:
        lists["seasons:list"] = "seasons"
    if publication.show_ratings:
        lists["ratings"] = ""
    dates = {"": None} | {name: _latest(_dates_of(KINDS[name]).values()) for name in {*lists.values()} - {""}}
    entries = [Entry(reverse(page), dates[name]) for page, name in lists.items()]
    return _xml("reviews/sitemap.xml", entries + _calendar_entries(reviews_now(request)))


def _dates_of(kind: Kind) -> dict:
    return kind.records().order_by().aggregate(**kind.dates())


def _calendar_entries(index: ReviewIndex) -> list[Entry]:
    """The archive of each year and month, dated by its newest review: one query."""
    newest = calendar.addresses(index)
    dates = dict(Review.objects.filter(pk__in=newest.values()).values_list("pk", "published_at"))
    return [Entry(address, dates.get(pk)) for address, pk in newest.items()]


@public_page
def sitemap_file(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """The pages of one kind whose primary keys lie in one range; 404 where there is none."""
    if name not in KINDS or number > 10**12:
        raise Http404("No such sitemap.")
    first = number * FILE_LENGTH
    records = KINDS[name].records().filter(pk__gte=first, pk__lt=first + FILE_LENGTH).order_by("pk")
    entries = KINDS[name].entries(records)
    if not entries:
        raise Http404("Nothing is in this sitemap.")
    return _xml("reviews/sitemap.xml", entries)


def _xml(template: str, entries: list[Entry]) -> HttpResponse:
    listed = [Entry(absolute(entry.address), entry.changed, entry.pictures) for entry in entries]
    return HttpResponse(render_to_string(template, {"entries": listed}), content_type="application/xml; charset=utf-8")


@public_page
def robots(request: HttpRequest) -> HttpResponse:
    """Everything may be read but the editors' desk."""
    lines = ("User-agent: *", "Disallow: /admin/", "", f"Sitemap: {absolute(reverse('sitemap'))}", "")
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


urls = [
    path("robots.txt", robots, name="robots"),
    path("sitemap.xml", sitemap_index, name="sitemap"),
    path("sitemaps/lists.xml", sitemap_lists, name="sitemap-lists"),
    path("sitemaps/<slug:name>-<int:number>.xml", sitemap_file, name="sitemap-file"),
]
