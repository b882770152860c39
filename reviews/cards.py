"""Cards: the picture a review has where its address is shared, made by the worker once the review is public; and
one of the publication, for pages without a picture.

The database is the truth: a sweep looks every minute which public reviews have no card or have changed since
theirs was made, and which cards stand for what is public no more. A page view never draws."""

import hashlib
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import F, Q
from django.tasks import task
from django.utils import timezone
from django.utils.text import get_text_list
from PIL import Image

from config.tasks import enqueue_on_commit, every
from films.models import Film, Still
from reviews.drawing import DISPLAY, PLAIN, Design, draw, drawable
from reviews.models import Publication, Review, SocialCard
from reviews.models.card import PUBLICATION_CARDS
from reviews.models.publishing import PublishableQuerySet

DRAWING = 1  # counted up when the drawing changes: then all cards are made again
AT_ONCE = 100  # reviews that one sweep asks for
PUBLICATION_TONE = 6
QUEUE = "pictures"


def with_designs(reviews: PublishableQuerySet) -> PublishableQuerySet:
    """Everything that the cards of reviews are drawn from."""
    return reviews.for_cards().prefetch_related("film__other_titles")


def design_of(review: Review, publication: Publication) -> Design:
    """What stands on the review's card."""
    film, still = review.film, review.still
    directors = directors_drawn(film)
    return Design(
        title=title_drawn(review),
        line=", ".join(filter(None, (directors, str(film.year or "")))),
        publication=publication.name,
        halves=round(review.rating * 2) if review.rating and publication.show_ratings else 0,
        era=film.era,
        tone=film.tone,
        focus=(still.focal_x / 100, still.focal_y / 100) if still else (0.5, 0.5),
    )


def title_drawn(review: Review) -> str:
    """The review's title. One in letters that the card's font lacks gives way to another of the film's; if there is
    none that can be drawn, to words that say what the film is."""
    film = review.film
    titles = (review.title, film.title, film.original_title, *(other.title for other in film.other_titles.all()))
    if title := next(filter(None, (drawable(title, DISPLAY) for title in titles)), ""):
        return title
    if directors := directors_drawn(film):
        return f"A film by {directors}"
    return f"A film of {film.year}" if film.year else "A film, reviewed"


def directors_drawn(film: Film) -> str:
    """The film's directors, those whose names can be drawn."""
    names = (director["name"] for director in film.directors)
    return get_text_list([name for name in names if drawable(name, PLAIN) and drawable(name, DISPLAY)], "and")


def design_of_publication(publication: Publication) -> Design:
    """What stands on the publication's own card."""
    name = drawable(publication.name, DISPLAY) or urlsplit(settings.SITE_URL).hostname
    return Design(title=name, line=publication.tagline, publication="", halves=0, era="digital", tone=PUBLICATION_TONE)


def key_of(review: Review, design: Design) -> str:
    """The hash of everything that is drawn, by which a card's file is named."""
    return _hashed(DRAWING, review.pk, review.still.image.name if review.still else "", design)


def _hashed(*drawn) -> str:
    return hashlib.sha256(repr(drawn).encode()).hexdigest()[:32]


@task(queue_name=QUEUE)
def make_card(pk: int) -> None:
    """Make the card of a public review, unless it has the right one. Safe to run twice or beside itself."""
    now = timezone.now()
    review = with_designs(Review.objects.published(now)).filter(pk=pk).first()
    if review is None:
        return
    design = design_of(review, Publication.current())
    key = key_of(review, design)
    card = SocialCard.objects.filter(review=review).first()
    if card and card.made_for == key:
        SocialCard.objects.filter(pk=card.pk).update(made_at=now)
        return
    name = _store(f"cards/{key[:2]}/{key}.jpg", draw(design, _opened(review.still)))
    values = {"image": name, "made_for": key, "made_at": now}
    SocialCard.objects.update_or_create(review_id=review.pk, defaults=values)
    if card and card.image.name != name:
        default_storage.delete(card.image.name)


def _opened(still: Still | None) -> Image.Image | None:
    """The still's picture; None if its file is gone or damaged, and then a title card is drawn."""
    if still is None:
        return None
    try:
        with default_storage.open(still.image.name) as file:
            picture = Image.open(file)
            picture.load()
    except OSError:
        return None
    return picture


def _store(name: str, data: bytes) -> str:
    """Write the file and say where. One of this name was left half-written by a worker that died."""
    default_storage.delete(name)
    return default_storage.save(name, ContentFile(data))


def ask_for_card(review: Review) -> None:
    """Have the card made now, not at the next sweep, if readers see the review."""
    if review.is_visible:
        enqueue_on_commit(make_card, review.pk)


@every(seconds=60)
def make_publication_card() -> bool:
    """Make the publication's own card unless it has the right one; whether it was made."""
    design = design_of_publication(Publication.current())
    key = _hashed(DRAWING, design)
    former = list(SocialCard.objects.of_publication().order_by("-pk"))
    right = next((card for card in former if card.made_for == key), None)
    card = right or SocialCard.objects.create(
        image=_store(f"{PUBLICATION_CARDS}{key}.jpg", draw(design, None)), made_for=key, made_at=timezone.now()
    )
    for other in former:
        if other.pk != card.pk:
            _remove(other, keep_file=other.image.name == card.image.name)
    return card is not right


def _remove(card: SocialCard, *, keep_file: bool = False) -> None:
    """Delete a card, its file first."""
    if not keep_file:
        default_storage.delete(card.image.name)
    card.delete()


@every(seconds=60)
def make_missing_cards(now: datetime | None = None) -> int:
    """Ask for cards of public reviews that have none or have changed since, newest first; how many were asked for."""
    changed = Q(changed_at__gt=F("social_card__made_at")) | Q(film__changed_at__gt=F("social_card__made_at"))
    reviews = Review.objects.published(now).filter(Q(social_card=None) | changed).newest_first()
    pks = list(reviews.values_list("pk", flat=True)[:AT_ONCE])
    for pk in pks:
        make_card.enqueue(pk)
    return len(pks)


@every(seconds=3600)
def remake_outdated_cards() -> int:
    """Ask for cards that are wrong although neither review nor film was saved: a still was replaced in another
    way, the publication was renamed or prints no ratings any more. How many were asked for."""
    publication, asked = Publication.current(), 0
    reviews = with_designs(Review.objects.published()).select_related("social_card").exclude(social_card=None)
    for review in reviews.order_by("pk").iterator(chunk_size=500):
        if review.social_card.made_for != key_of(review, design_of(review, publication)):
            make_card.enqueue(review.pk)
            asked += 1
    return asked


@every(seconds=60)
def remove_stray_cards(now: datetime | None = None) -> int:
    """Delete cards of reviews that are withdrawn, sent back or deleted, files first; how many there were."""
    of_publication = SocialCard.objects.of_publication().values("pk")
    stray = list(SocialCard.objects.exclude(review__in=Review.objects.published(now)).exclude(pk__in=of_publication))
    for card in stray:
        _remove(card)
    return len(stray)
