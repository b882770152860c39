"""The content of a mailing as plain data, taken when it is prepared: what is edited later changes no mail.

A snapshot holds nothing that readers may not see. Marked spoilers are left out, and of a review that gives things
away no more is quoted than its standfirst."""

import re
from collections.abc import Iterable

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator

from config.richtext import plain_text
from films.models import Still
from reviews.models import Publication, Review
from reviews.outside import absolute, own_name, picture_address, rating_figure

OPENING_PARAGRAPHS = 3
OPENING_LENGTH = 1400
EMPHASIS = ("\ue010", "\ue011")
"""Stand in a paragraph of a snapshot where italics begin and end."""
_MARKS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]")
_ASIDES = re.compile(r"<(blockquote|ul|ol|figure|div)\b.*?</\1>", re.DOTALL)
_OPENING = re.compile(r"<p>.*?</p>(?:\s*<p>.*?</p>)*", re.DOTALL)
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)


def review_content(review: Review) -> dict:
    """The snapshot of one new review."""
    item = item_of(review, publication := Publication.current())
    return _content("review", [item], publication) | {"subject": _subject(review)}


def digest_content(reviews: Iterable[Review], rhythm: str) -> dict:
    """The snapshot of a digest, "daily" or "weekly": everything any of its readers can get, in the order given.

    Each reader gets some of its items; the subject names those."""
    publication = Publication.current()
    return _content(rhythm, [item_of(review, publication) for review in reviews], publication)


def _content(kind: str, items: list[dict], publication: Publication) -> dict:
    return {
        "kind": kind,
        "date": date_format(timezone.localdate(), "l j F Y"),
        "publication": sender_of(publication),
        "items": items,
        **subject_and_preheader(items),
    }


def sender_of(publication: Publication) -> dict[str, str]:
    """How the publication names itself in letters."""
    lines = [one_line(line) for line in publication.postal_address.splitlines()]
    return {"name": one_line(publication.name), "postal_address": ", ".join(filter(None, lines))}


def subject_and_preheader(items: list[dict]) -> dict:
    """What a mail client shows of a letter with these items before it is opened."""
    titles = [item["title"] for item in items]
    if len(titles) <= 3:
        subject = ", ".join(titles)
    else:
        subject = f"{', '.join(titles[:2])} and {len(titles) - 2} more"
    preheader = items[0]["standfirst"] if items else ""
    if len(titles) > 1:
        preheader = f"{preheader} Also: {', '.join(titles[1:4])}{' …' if len(titles) > 4 else '.'}".strip()
    return {"subject": subject, "preheader": preheader}


def _subject(review: Review) -> str:
    return one_line(f"{own_name(review)}: {review.film.title}" if review.headline else own_name(review))


def item_of(review: Review, publication: Publication) -> dict:
    """What a letter says of one review."""
    film = review.film
    names = [author["name"] for author in review.author_names]
    return {
        "review_id": review.pk,
        "title": one_line(review.title),
        "language": review.title_language,
        "url": absolute(review.get_absolute_url()),
        "film_line": _film_line(review),
        "byline": one_line(listed(names)),
        "standfirst": one_line(review.standfirst),
        "opening": [] if review.has_spoilers else opening(review.body),
        "rating": rating_figure(review, publication),
        "still": _still(review.still),
        "card": {"classes": film.title_card_classes},
    }


def _film_line(review: Review) -> str:
    film = review.film
    directors = ", ".join(director["name"] for director in film.directors)
    facts = [
        film.title if review.headline else "",
        directors,
        ", ".join(film.country_names),
        str(film.year or ""),
        f"{film.runtime} minutes" if film.runtime else "",
    ]
    return one_line(" · ".join(fact for fact in facts if fact))


def _still(still: Still | None) -> dict | None:
    """The JPEG that is made of every picture and a small one for rows, with their alternative text; None if there is
    none that mail can show."""
    if still is None or not still.src().endswith(".jpg"):
        return None
    return {
        "url": picture_address(still),
        "small": absolute(still.small_jpeg() or still.src()),
        "width": still.width,
        "height": still.height,
        "alt": "" if still.is_decorative else one_line(still.alt),
        "credit": one_line(still.credit),
        "shape": still.ratio_class(),
        "focus": still.focus_classes(),
    }


def opening(body: str) -> list[str]:
    """The first paragraphs of a text as plain words with EMPHASIS, up to the first thing that is no paragraph."""
    begin, end = EMPHASIS
    body = _ASIDES.sub("", without_marks(body)).replace("<em>", begin).replace("</em>", end)
    found = _OPENING.search(body)
    kept: list[str] = []
    for paragraph in _PARAGRAPH.findall(found[0] if found else "")[:OPENING_PARAGRAPHS]:
        text = plain_text(paragraph)
        if kept and sum(map(len, kept)) + len(text) > OPENING_LENGTH:
            break
        if text:
            kept.append(_cut(text))
    return kept


def _cut(text: str) -> str:
    """A paragraph too long for a mail ends at a word, and its italics with it."""
    cut = Truncator(text).chars(OPENING_LENGTH)
    begin, end = EMPHASIS
    return cut + end * (cut.count(begin) - cut.count(end))


def listed(names: list[str]) -> str:
    """A, B and C."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def one_line(text: str) -> str:
    """Words on one line, without characters that steer: what may stand in a header."""
    return " ".join(without_marks(text).split())


def without_marks(text: str) -> str:
    """Text without control characters and without the private ones that letters use as marks."""
    return _MARKS.sub("", text)
