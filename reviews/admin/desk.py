"""What lies on the desk, the first page an editor sees: a query for each section, however much there is."""

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import get_text_list

from config.admin_forms import in_words
from config.adminsite import DeskLine, DeskSection
from films.models import Film, Still
from reviews import roles
from reviews.models import Review, State

MOST_LINES = 12


def _line(review: Review, when: str) -> DeskLine:
    names = get_text_list([author["name"] for author in review.author_rows], "and")
    named = review.title if review.headline else str(review.film)
    notes = [str(review.film) if review.headline else "", names, when]
    return DeskLine(named, reverse("admin:reviews_review_change", args=[review.pk]), [note for note in notes if note])


def _reviews(reviews: QuerySet, when) -> list[DeskLine]:
    rows = reviews.select_related("film").with_authors().defer("body", "synopsis", "film__synopsis")[:MOST_LINES]
    return [_line(review, when(review)) for review in rows]


def _touched(review: Review) -> str:
    return f"saved {in_words(review.changed_at)}"


def _list_of(standing: str) -> str:
    return f"{reverse('admin:reviews_review_changelist')}?standing={standing}"


@admin.site.on_desk
def drafts(request: HttpRequest) -> DeskSection | None:
    if not request.user.has_perm("reviews.view_review"):
        return None
    found = roles.reviews_open_to(request.user).filter(state=State.DRAFT).order_by("-changed_at")
    if author := roles.author_of(request.user):
        found = found.filter(bylines__author=author)
    title = "Your drafts" if author else "Drafts"
    return DeskSection(title, _reviews(found, _touched), "No draft is waiting.", _list_of("draft"))


@admin.site.on_desk
def in_review(request: HttpRequest) -> DeskSection | None:
    if not request.user.has_perm("reviews.view_review"):
        return None
    found = roles.reviews_open_to(request.user).filter(state=State.IN_REVIEW).order_by("changed_at")
    return DeskSection("In review", _reviews(found, _touched), "Nothing waits to be read.", _list_of("in_review"))


@admin.site.on_desk
def scheduled(request: HttpRequest) -> DeskSection | None:
    if not roles.may_publish(request.user):
        return None
    found = Review.objects.scheduled().order_by("published_at")
    lines = _reviews(found, lambda review: f"appears {in_words(review.published_at)}")
    return DeskSection("Scheduled", lines, "Nothing is scheduled.", _list_of("scheduled"))


@admin.site.on_desk
def gaps(request: HttpRequest) -> DeskSection | None:
    """Films that readers see reviewed, with a picture that lacks its alternative text or its credit."""
    if not roles.may_publish(request.user):
        return None
    public = Review.objects.published().filter(film=OuterRef("pk"))
    unlabelled = Still.objects.filter(film=OuterRef("pk"), alt="", is_decorative=False)
    uncredited = Still.objects.filter(film=OuterRef("pk"), credit="")
    films = Film.objects.annotate(unlabelled=Exists(unlabelled), uncredited=Exists(uncredited))
    films = films.filter(Exists(public)).exclude(unlabelled=False, uncredited=False).defer("synopsis")
    lines = [
        DeskLine(
            str(film),
            reverse("admin:films_film_change", args=[film.pk]),
            [
                *(["a still without alternative text"] if film.unlabelled else []),
                *(["a picture without credit"] if film.uncredited else []),
            ],
        )
        for film in films[:MOST_LINES]
    ]
    return DeskSection("Gaps", lines) if lines else None
