"""Cards: the picture a review has where its address is shared, made by the worker once the review is public.

The database is the truth: a sweep looks every minute which public reviews have no card or have changed since
theirs was made, and which cards stand for what is public no more. A page view never draws."""

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import F, Q
from django.tasks import task
from django.utils import timezone
from django.utils.text import get_text_list
from PIL import Image

from config.tasks import every
from films.models import Still
from reviews.drawing import DISPLAY, Design, draw, drawable
from reviews.models import Publication, Review, SocialCard

DRAWING = 1  # counted up when the drawing changes: then all cards are made again
AT_ONCE = 100  # reviews that one sweep asks for
QUEUE = "pictures"


def design_of(review: Review, publication: Publication) -> Design:
    """What stands on the review's card. A title in letters the card's font lacks gives way to the film's."""
    film, still = review.film, review.still
    directors = get_text_list([director["name"] for director in film.directors], "and")
    return Design(
        title=next(filter(None, (drawable(title, DISPLAY) for title in (review.title, film.title))), ""),
        line=", ".join(filter(None, (directors, str(film.year or "")))),
        publication=publication.name,
        halves=round(review.rating * 2) if review.rating and publication.show_ratings else 0,
        era=film.era,
        tone=film.tone,
        focus=(still.focal_x / 100, still.focal_y / 100) if still else (0.5, 0.5),
    )


def key_of(review: Review, design: Design) -> str:
    """The hash of everything that is drawn, by which a card's file is named."""
    drawn = (DRAWING, review.pk, review.still.image.name if review.still else "", design)
    return hashlib.sha256(repr(drawn).encode()).hexdigest()[:32]


@task(queue_name=QUEUE)
def make_card(pk: int) -> None:
    """Make the card of a public review, unless it has the right one. Safe to run twice or beside itself."""
    now = timezone.now()
    review = Review.objects.published(now).for_cards().filter(pk=pk).first()
    if review is None:
        return
    design = design_of(review, Publication.current())
    key = key_of(review, design)
    card = SocialCard.objects.filter(review=review).first()
    if card and card.made_for == key:
        SocialCard.objects.filter(pk=card.pk).update(made_at=now)
        return
    name = _store(key, draw(design, _opened(review.still)))
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


def _store(key: str, data: bytes) -> str:
    """Write the file and say where. One of this name was left half-written by a worker that died."""
    name = f"cards/{key[:2]}/{key}.jpg"
    default_storage.delete(name)
    return default_storage.save(name, ContentFile(data))


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
    reviews = Review.objects.published().for_cards().select_related("social_card").exclude(social_card=None)
    for review in reviews.order_by("pk").iterator(chunk_size=500):
        if review.social_card.made_for != key_of(review, design_of(review, publication)):
            make_card.enqueue(review.pk)
            asked += 1
    return asked


@every(seconds=60)
def remove_stray_cards(now: datetime | None = None) -> int:
    """Delete cards of reviews that are withdrawn, sent back or deleted, files first; how many there were."""
    stray = list(SocialCard.objects.exclude(review__in=Review.objects.published(now)))
    for card in stray:
        default_storage.delete(card.image.name)
        card.delete()
    return len(stray)
