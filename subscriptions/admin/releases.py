"""Mail about one review: who would get it, what it looks like, a test, and an editor's decision."""

import logging

from django.conf import settings
from django.contrib import admin, messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods, require_safe

from config.admin_forms import in_words
from config.adminsite import DeskLine, DeskSection
from reviews.models import Review
from reviews.outside import absolute
from subscriptions import control, letters, matching, permit, releases
from subscriptions.admin.forms import ReleaseForm
from subscriptions.admin.pages import draw, page
from subscriptions.models import Mailing, Release
from subscriptions.outbox import FRAMING, MAIL_CSP

logger = logging.getLogger(__name__)

Choice = Release.Choice
TEST_PAUSE_SECONDS = 20
MOST_LINES = 12


@page("change_release")
@require_http_methods(["GET", "HEAD", "POST"])
@csp_override(settings.ADMIN_CSP | FRAMING)
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about mail for a review, and the decision."""
    review = get_object_or_404(Review.objects.with_authors().for_page(), pk=pk)
    decided = Release.objects.select_related("decided_by").filter(review=review).first()
    bound = request.POST if request.POST.get("act") == "decide" else None
    form = ReleaseForm(bound, review=review, release=decided, by=request.user)
    if request.method == "POST":
        if bound is None:
            {"stop": _stop, "test": _send_test}.get(request.POST.get("act", ""), _nothing)(request, review)
            return redirect(request.path)
        if why_not(review, decided):
            return redirect(request.path)
        if form.is_valid() and (saved := form.save()):
            messages.success(request, DECIDED[saved.choice])
            return redirect(request.path)
        decided = Release.objects.select_related("decided_by").filter(review=review).first()
        form.data = form.data | {"seen": releases.version(decided)} if decided else form.data
    return draw(request, "release", "Mail", review=review, form=form, **_standing(review, decided))


DECIDED = {
    Choice.NOW: "Decided: it goes out as soon as the minutes in which it can be stopped are over.",
    Choice.AT: "Decided: it goes out at this time.",
    Choice.DIGEST: "Decided: it will be in the next digests.",
    Choice.NONE: "Decided: nobody is sent this review.",
}


def _standing(review: Review, decided: Release | None) -> dict:
    mailing = Mailing.objects.filter(review=review, kind=Mailing.Kind.REVIEW).first()
    letter = _letter(review)
    digest = matching.count_recipients(review, Choice.DIGEST)
    return {
        "release": decided,
        "mailing": mailing,
        "report": control.report(mailing) if mailing and mailing.started_at else None,
        "why_not": why_not(review, decided),
        "is_fixed": bool(mailing and mailing.started_at and mailing.state != Mailing.State.CANCELLED),
        "may_stop": _may_stop(decided, mailing),
        "now": matching.count_recipients(review, Choice.NOW),
        "digest": digest,
        "grace": settings.NEWSLETTER_GRACE_MINUTES,
        "letter": letter,
        "forbidden": permit.why_not(),
    }


def _may_stop(decided: Release | None, mailing: Mailing | None) -> bool:
    if mailing:
        return mailing.state in (*control.TO_COME, *control.UNDER_WAY, Mailing.State.PAUSED)
    return bool(decided and decided.choice in (Choice.NOW, Choice.AT))


def why_not(review: Review, decided: Release | None) -> str:
    """Why nothing can be decided about mail for a review; empty if it can be."""
    if not (review.is_visible or review.is_scheduled):
        return (
            f"This review stands at “{review.standing.lower()}”. Mail is decided about reviews that are published or "
            "scheduled, so that no letter leads to a page that is not there."
        )
    if decided is None and releases.is_too_old(review, timezone.now()):
        return (
            f"It was published on {in_words(review.published_at)}, more than a day ago. Older, imported and back-dated "
            "reviews are never mailed: readers asked for what is new."
        )
    return ""


def _letter(review: Review) -> letters.Letter:
    """The letter as a reader of every review gets it; its personal links lead to the page for signing up."""
    own = absolute(reverse("subscriptions:subscribe"))
    links = {"leave": own, "letters": own, "view": absolute(review.get_absolute_url())}
    return letters.Frame(letters.review_content(review)).letter(reasons=[matching.EVERY_REVIEW], links=links)


def _nothing(request: HttpRequest, review: Review) -> None:
    messages.error(request, "There is no such button. Nothing was done.")


def _stop(request: HttpRequest, review: Review) -> None:
    """Whatever has not gone out stays here, and the decision is open again."""
    for mailing in Mailing.objects.filter(review=review, kind=Mailing.Kind.REVIEW):
        control.cancel(mailing)
    try:
        releases.decide(review, Choice.NONE, by=request.user)
    except ValidationError as error:
        said = {"sent": "Stopped. Some readers had been sent it by then: see the report."}
        messages.warning(request, said.get(error.code, error.message))
    else:
        messages.success(request, "Stopped: nobody was sent it. You can decide anew.")


def _send_test(request: HttpRequest, review: Review) -> None:
    """The letter to whoever is signed in, marked as a test."""
    address = request.user.email
    if not address:
        messages.error(request, "Your account has no address to send a test to. The owner adds it under Accounts.")
        return
    if not _is_first_press(request, review):
        messages.info(request, "A test was sent to you a moment ago.")
        return
    letter = _letter(review)
    try:
        letters.send(letter._replace(subject=f"[Test] {letter.subject}"), address)
    except (OSError, ValueError) as error:
        messages.error(
            request, f"The test could not be sent: the mail server did not take it ({type(error).__name__})."
        )
    else:
        messages.success(request, f"A test was sent to {address}, and to nobody else.")


def _is_first_press(request: HttpRequest, review: Review) -> bool:
    """A courtesy to whoever presses twice: without a cache there are two letters."""
    try:
        return cache.add(f"test-letter:{request.user.pk}:{review.pk}", True, timeout=TEST_PAUSE_SECONDS)
    except Exception:
        logger.warning("The cache cannot be reached; a test letter is sent without asking", exc_info=True)
        return True


@page("change_release")
@require_safe
@xframe_options_sameorigin
@csp_override(MAIL_CSP)
def letter_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML part of the letter, in a page of its own that may do nothing but be looked at."""
    review = get_object_or_404(Review.objects.with_authors().for_page(), pk=pk)
    return HttpResponse(_letter(review).html.replace("<head>", '<head><base target="_top">', 1))


@admin.site.tool_for("reviews.review")
def mail_tool(request: HttpRequest, review: Review) -> tuple[str, str] | None:
    """On the form of a review that readers see or will see: the way to its mail."""
    may = request.user.has_perm("subscriptions.change_release")
    if not may or not (review.is_visible or review.is_scheduled):
        return None
    return ("Mail", reverse("newsletters:release", args=[review.pk]))


@admin.site.on_desk
def undecided(request: HttpRequest) -> DeskSection | None:
    """Reviews that could be mailed, of which nobody has said whether they are to be."""
    if not request.user.has_perm("subscriptions.change_release"):
        return None
    now = timezone.now()
    found = Review.objects.filter(release=None).select_related("film").defer("body", "synopsis", "film__synopsis")
    newest = found.published(now).order_by("-published_at")[:MOST_LINES]
    rows = [review for review in newest if not releases.is_too_old(review, now)]
    rows += found.scheduled().order_by("published_at")[:MOST_LINES]
    lines = [
        DeskLine(
            str(review),
            reverse("newsletters:release", args=[review.pk]),
            [f"{'published' if review.published_at <= now else 'appears'} {in_words(review.published_at)}"],
        )
        for review in rows
    ]
    return DeskSection("Published, mail not decided", lines) if lines else None
