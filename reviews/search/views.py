"""The page of search results, and suggestions while somebody types."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe
from taggit.models import Tag

from config.http import page_of, public_page
from films.models import Film, Still
from films.pictures import credits_of
from people.models import Person
from reviews.models import Author, Review
from reviews.search.analysis import Query, read_query
from reviews.search.documents import Kind, searchable_text
from reviews.search.engine import Tier
from reviews.search.finding import Found, correction, search, suggest
from reviews.search.snippets import marker_of
from reviews.tags import tag_address

MOST_SUGGESTED = 8
SUGGESTIONS_ARE_FRESH = 60  # seconds, in which a browser may still name what was withdrawn


def _in_order(queryset, ids: list[int]) -> list:
    """The records with these keys, in their order; those that are gone are left out."""
    found = queryset.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def _visible(reviews, ids: list[int]) -> list[Review]:
    """As _in_order(), what readers may see. Asked for it together with the keys, SQLite walks through all reviews."""
    return [review for review in _in_order(reviews, ids) if review.is_visible]


def _reviews(ids: list[int]) -> list[Review]:
    """As for_cards(), with the texts that snippets are cut from."""
    films = Prefetch("film", Film.objects.with_card())
    return _visible(Review.objects.select_related("lead_image").with_authors().prefetch_related(films), ids)


def _films(ids: list[int]) -> list[Film]:
    """With `review`, the newest of each or None. Sorted here: asked for them by date, SQLite walks through all
    reviews there are, as it does for each film of with_coverage()."""
    films = _in_order(Film.objects.with_card().defer("synopsis"), ids)
    reviews = Review.objects.published().filter(film__in=ids).order_by().only("slug", "film", "rating", "published_at")
    newest = {review.film_id: review for review in sorted(reviews, key=lambda review: (review.published_at, review.pk))}
    for film in films:
        film.review = newest.get(film.pk)
    return films


@dataclass(frozen=True)
class Shown:
    """How the matches of one kind are shown: where the page lists them, what they are called, how many at once: first
    beside other kinds, or alone, and on a page of their own."""

    kind: Kind
    name: str
    heading: str
    one: str
    several: str
    first: int
    alone: int
    per_page: int
    fetch: Callable[[list[int]], list]


SHOWN = (
    Shown(Kind.PERSON, "people", "People", "person", "people", 12, 24, 96, lambda ids: _in_order(Person.objects.defer("bio"), ids)),
    Shown(Kind.REVIEW, "reviews", "Reviews", "review", "reviews", 6, 10, 12, _reviews),
    Shown(Kind.FILM, "films", "Films", "film", "films", 6, 12, 24, _films),
    Shown(Kind.AUTHOR, "writers", "Writers", "writer", "writers", 12, 24, 96, lambda ids: _in_order(Author.objects.defer("bio"), ids)),
    Shown(Kind.TAG, "themes", "Themes", "theme", "themes", 12, 24, 96, lambda ids: _in_order(Tag.objects, ids)),
)  # fmt: skip
BY_NAME = {shown.name: shown for shown in SHOWN}


@dataclass(frozen=True)
class Group:
    """The matches of one kind on the page. `items` are those printed here of `total` that are listed; `more` is the
    address of all of these, if they are more than are printed. `is_cut` if there are others that are not listed."""

    shown: Shown
    items: list
    total: int
    is_cut: bool
    more: str = ""
    page: Page | None = None


@public_page
def search_page(request: HttpRequest) -> HttpResponse:
    """What was found for ?q=, in groups, or all of one kind (?in=films), page by page."""
    query = read_query(request.GET.get("q", ""))
    if not query:
        return TemplateResponse(request, "reviews/search.html", {"query": query})
    found = search(query)
    better = correction(found)
    is_instead = bool(better and not found.total)
    if is_instead:
        found = better
    scope = BY_NAME.get(request.GET.get("in", ""))
    groups = [_page(request, found, scope)] if scope else _groups(found)
    context = {
        "query": query,
        "found": found,
        "meant": better and better.query,
        "is_instead": is_instead,
        "groups": groups,
        "scope": scope,
        "picture_credits": credits_of(still for group in groups for still in _stills(group)),
        "counted": [(shown, found.count(shown.kind)) for shown in SHOWN if shown.kind in found.ids],
    }
    return TemplateResponse(request, "reviews/search.html", context)


def _stills(group: Group) -> list[Still | None]:
    """The pictures on the cards of a group."""
    if group.shown.kind is Kind.REVIEW:
        return [review.still for review in group.items]
    return [film.card_still for film in group.items] if group.shown.kind is Kind.FILM else []


def _groups(found: Found) -> list[Group]:
    """The first matches of each kind; kinds with the best matches of a name come first."""
    groups = []
    for shown in sorted(SHOWN, key=lambda shown: min(found.best.get(shown.kind, Tier.TEXT), Tier.TEXT)):
        ids = found.ids.get(shown.kind, [])
        most = shown.first if len(found.ids) > 1 else shown.alone
        if items := shown.fetch(ids[:most]) if ids else []:
            more = address(found.query, shown) if len(ids) > most else ""
            items = _with_snippets(shown, items, found.query)
            groups.append(Group(shown, items, len(ids), shown.kind in found.cut, more))
    return groups


def _page(request: HttpRequest, found: Found, scope: Shown) -> Group:
    ids = found.ids.get(scope.kind, [])
    page = page_of(request, ids, scope.per_page)
    items = _with_snippets(scope, scope.fetch(list(page.object_list)), found.query)
    return Group(scope, items, len(ids), scope.kind in found.cut, page=page)


def address(query: Query, scope: Shown | None = None) -> str:
    """Where the results of a query are, all or those of one kind."""
    return f"{reverse('search')}?{urlencode({'q': query.text} | ({'in': scope.name} if scope else {}))}"


def _with_snippets(shown: Shown, items: list, query: Query) -> list:
    """Reviews with the passage where the words were found."""
    if shown.kind is Kind.REVIEW:
        for review in items:
            review.snippet = marker_of(query).snippet(searchable_text(review))
    return items


@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """At most eight names for what is being typed, as JSON."""
    query = read_query(request.GET.get("q", ""))
    items = list(_suggested(query)) if query else []
    response = JsonResponse({"suggestions": items})
    patch_cache_control(response, public=True, max_age=SUGGESTIONS_ARE_FRESH)
    return response


def _suggested(query: Query) -> Iterable[dict]:
    """Names that match, best first, each kind's share of them next to each other."""
    found = suggest(query, MOST_SUGGESTED)
    kinds = sorted(found.ids, key=lambda kind: (found.best[kind], kind))
    left = MOST_SUGGESTED
    for number, kind in enumerate(kinds):
        for item in DESCRIBED[kind](found.ids[kind][: _share(left, len(kinds) - number - 1)]):
            left -= 1
            yield item


def _share(left: int, kinds_to_come: int) -> int:
    """How many of the suggestions left the next kind may take: the others get two each, or one if there are many."""
    return max(left - 2 * kinds_to_come, min(3, left - kinds_to_come))


def _described(kind: str, label: str, url: str, detail: str = "") -> dict:
    return {"kind": kind, "label": label, "detail": detail, "url": url}


DESCRIBED: dict[Kind, Callable[[list[int]], Iterable[dict]]] = {
    Kind.REVIEW: lambda ids: [
        _described("Review", review.title, review.get_absolute_url())
        for review in _visible(
            Review.objects.select_related("film").only("headline", "slug", "state", "published_at", "film__title"), ids
        )
    ],
    Kind.AUTHOR: lambda ids: [
        _described("Writer", author.name, author.get_absolute_url())
        for author in _in_order(Author.objects.only("name", "slug"), ids)
    ],
    Kind.TAG: lambda ids: [_described("Theme", tag.name, tag_address(tag)) for tag in _in_order(Tag.objects, ids)],
    Kind.PERSON: lambda ids: [
        _described("Person", person.name, person.get_absolute_url(), person.years)
        for person in _in_order(Person.objects.only("name", "slug", "birth_year", "death_year"), ids)
    ],
    Kind.FILM: lambda ids: [
        _described("Film", film.title, film.get_absolute_url(), str(film.year or ""))
        for film in _in_order(Film.objects.only("title", "slug", "year"), ids)
    ],
}
