"""How films and their pictures are printed."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import get_text_list

from config.images import Picture
from films.models import Role
from films.trailers import host_of, site_name

register = template.Library()
register.filter("host", host_of)
register.filter("site_name", site_name)

# What a slot's width is, for the browser to choose a size by; design language, section 7.
SIZES = {
    "screen": "100vw",
    "lead": "(width >= 60rem) 56vw, 100vw",
    "half": "(width >= 60rem) 50vw, 100vw",
    "strip": "(width >= 48rem) 40vw, 100vw",
    "capsule": "(width >= 60rem) 26rem, (width >= 42rem) 45vw, 92vw",
    "row": "(width >= 46rem) 12rem, 7rem",
    "portrait": "12rem",
}


@register.simple_tag
def picture(image: Picture, slot: str, alt: str = "", eager: bool = False) -> SafeString:
    """A <picture> of a record with its sizes, or the master alone while the worker still makes them.

    `slot` names the place on the page (a key of SIZES); `eager` is for the one picture at the top."""
    sizes = SIZES[slot]
    sources = format_html_join(
        "",
        '<source type="{}" srcset="{}" sizes="{}">',
        ((source.type, source.srcset, sizes) for source in image.sources()),
    )
    return format_html(
        '<picture>{}<img src="{}" width="{}" height="{}" alt="{}" class="{}"{}></picture>',
        sources,
        image.src(),
        image.width,
        image.height,
        alt,
        image.focus_classes(),
        SafeString(' fetchpriority="high"' if eager else ' loading="lazy" decoding="async"'),
    )


@register.filter
def title_size(title: str) -> str:
    """The class that makes a long title smaller as a page heading: over 32 letters or a word over 12, over 48 or 20."""
    longest = max(map(len, title.split()), default=0)
    return "len-xl" if len(title) > 48 or longest > 20 else "len-l" if len(title) > 32 or longest > 12 else ""


LABELS = {  # of a group of credits: for one, for several
    Role.DIRECTOR: ("Director", "Directors"),
    Role.WRITER: ("Writer", "Writers"),
    Role.CINEMATOGRAPHER: ("Cinematography", "Cinematography"),
    Role.EDITOR: ("Editing", "Editing"),
    Role.COMPOSER: ("Music", "Music"),
    Role.PRODUCER: ("Producer", "Producers"),
    Role.PRODUCTION_DESIGNER: ("Production design", "Production design"),
    Role.COSTUME_DESIGNER: ("Costumes", "Costumes"),
    Role.SOUND: ("Sound", "Sound"),
    Role.SOURCE_AUTHOR: ("After a work by", "After works by"),
    Role.NARRATOR: ("Narrator", "Narrators"),
    Role.ACTOR: ("Starring", "Starring"),
}


@register.filter
def role_label(role: Role, credits: list) -> str:
    """What a page calls a group of credits."""
    return LABELS[role][len(credits) > 1]


@register.filter
def without_actors(credits: list) -> list:
    """The groups of Film.credits_by_role() behind the camera."""
    return [(role, group) for role, group in credits if role != Role.ACTOR]


@register.filter
def cast(credits: list) -> list[tuple[str, list]]:
    """The actors among the groups of Film.credits_by_role() by whom they play: (characters, credits), as billed.

    Each name stands once: an actor of two parts has both in one line, two actors of one part share it, and those
    whose part nobody wrote down come together at the end, under "With"."""
    actors: dict[int, list] = {}
    for credit in next((group for role, group in credits if role == Role.ACTOR), []):
        actors.setdefault(credit.person_id, []).append(credit)
    parts: dict[str, list] = {}
    for group in actors.values():
        parts.setdefault(get_text_list([one.character for one in group if one.character], "and"), []).append(group[0])
    unnamed = parts.pop("", [])
    return [*parts.items(), *([("With", unnamed)] if unnamed else [])]
