"""Draws the card of a review: 1200 × 630 pixels, its still or a title card, its title, rating and publication.

The letters are Imbue and Instrument Sans, cut down to one weight (reviews/fonts/, under the Open Font License):
Pillow cannot read the WOFF2 files of the site. What they have no letters for (Japanese, Greek …) is left out."""

import io
import unicodedata
from dataclasses import dataclass
from functools import cache as once
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

SIZE = WIDTH, HEIGHT = 1200, 630  # what Facebook, Mastodon, Slack, X and others show whole
MARGIN = 64
FONTS = Path(__file__).parent / "fonts"
DISPLAY, PLAIN = "Imbue-Medium.ttf", "InstrumentSans-Medium.ttf"
TITLE_SIZES = range(148, 59, -8)
MOST_LINES = 3
LEADING = 0.94
BASE = HEIGHT - MARGIN  # of rating and publication; then upwards the line of facts and the title
LINE_BASE = BASE - 74
TITLE_BASE = LINE_BASE - 66
TONES = {  # of title cards: ground, glow, letters; the same as in the style sheet
    1: ("#320818", "#86193f", "#ffdbe3"),
    2: ("#06242b", "#14586a", "#d3f0ec"),
    3: ("#2b1704", "#7f440b", "#ffe4b5"),
    4: ("#111f14", "#345639", "#e0eed5"),
    5: ("#0f1230", "#353b85", "#e0e0ff"),
    6: ("#15181c", "#474f59", "#e9edf1"),
    7: ("#22102b", "#5d2e72", "#f2dff8"),
    8: ("#2a0d07", "#862d1b", "#ffddcf"),
}
SILENT = ("#0e0d0c", "#0e0d0c", "#efe8d8")
ON_STILL = "#ffffff"


@dataclass(frozen=True)
class Design:
    """Everything that is drawn on a card. `halves` is the rating in halves, 0 for none."""

    title: str
    line: str
    publication: str
    halves: int
    era: str
    tone: int
    focus: tuple[float, float] = (0.5, 0.5)


def draw(design: Design, still: Image.Image | None) -> bytes:
    """The card as a JPEG file."""
    setting = set_title(drawable(design.title, DISPLAY))
    if still:
        card, ink = _still_ground(still, design.focus, top_of(setting)), ON_STILL
    else:
        card, ink = _title_ground(design, top_of(setting))
    _write(card, design, setting, ink)
    data = io.BytesIO()
    card.save(data, "JPEG", quality=84, optimize=True, progressive=True)
    return data.getvalue()


def _still_ground(still: Image.Image, focus: tuple[float, float], text_top: int) -> Image.Image:
    """The still, cropped around its focal point, and darkened where letters stand: white on the whitest snow then has
    a contrast of 5 to 1 (WCAG 2.2, 1.4.3 asks for 4.5)."""
    ground = ImageOps.fit(still.convert("RGB"), SIZE, Image.LANCZOS, centering=focus)
    shade = Image.new("L", (1, HEIGHT))
    shade.putdata([_shade(y, text_top) for y in range(HEIGHT)])
    ground.paste("#07080a", mask=shade.resize(SIZE))
    return ground


def _shade(y: int, text_top: int) -> int:
    """How dark a line of the picture is made, 0 to 255: rising to the letters, then slowly on."""
    if y < text_top:
        return round(146 * max(0, 1 - (text_top - y) / 220))
    return round(146 + 70 * (y - text_top) / (HEIGHT - text_top))


def _title_ground(design: Design, text_top: int) -> tuple[Image.Image, str]:
    """The ground of a title card, after the film's era as on the site, and the colour of its letters."""
    ground, glow, ink = SILENT if design.era == "silent" else TONES[design.tone]
    card = Image.new("RGB", SIZE, ground)
    if design.era == "silent":
        frame = ImageDraw.Draw(card)
        frame.rectangle((24, 24, WIDTH - 25, HEIGHT - 25), outline=ink, width=4)
        frame.rectangle((36, 36, WIDTH - 37, HEIGHT - 37), outline=ink, width=1)
        return card, ink
    light = ImageOps.invert(Image.radial_gradient("L")).resize((2000, 1300), Image.BICUBIC)
    card.paste(glow, (-760, -30), mask=light)
    if design.era == "wave" and text_top > 260:
        _dot(card, (WIDTH - 150, 150), 92, ink)
    return card, ink


def top_of(setting: tuple[list[str], ImageFont.FreeTypeFont]) -> int:
    """Where the title begins."""
    lines, font = setting
    return TITLE_BASE - round(LEADING * font.size * (len(lines) - 1) + 0.75 * font.size)


def _write(card: Image.Image, design: Design, setting: tuple[list[str], ImageFont.FreeTypeFont], ink: str) -> None:
    """Title, line, rating and publication."""
    pen, plain = ImageDraw.Draw(card), _font(PLAIN, 31)
    lines, font = setting
    for place, words in enumerate(reversed(lines)):
        pen.text((MARGIN - 3, TITLE_BASE - round(place * LEADING * font.size)), words, ink, font, anchor="ls")
    line = fitted(drawable(design.line, PLAIN), plain, WIDTH - 2 * MARGIN)
    pen.text((MARGIN, LINE_BASE), line, ink, plain, anchor="ls")
    if design.halves:
        _rating(card, (MARGIN, BASE - 34), design.halves, ink)
    name = fitted(drawable(design.publication, DISPLAY), _font(DISPLAY, 46), WIDTH // 2)
    pen.text((WIDTH - MARGIN, BASE), name, ink, _font(DISPLAY, 46), anchor="rs")


def _rating(card: Image.Image, at: tuple[int, int], halves: int, ink: str) -> None:
    """Five dots, as many full as the rating says, and its figure."""
    across, radius = 46, 17
    for place in range(5):
        centre = (at[0] + radius + place * across, at[1] + radius)
        full = min(2, max(0, halves - 2 * place))
        _dot(card, centre, radius, ink, strength=90)
        _dot(card, centre, radius, ink, part=full / 2)
    figure = f"{halves / 2:g}/5"
    at_figure = (at[0] + 5 * across + 14, at[1] + radius)
    ImageDraw.Draw(card).text(at_figure, figure, ink, _font(PLAIN, 34), anchor="lm")


def _dot(card, centre: tuple[int, int], radius: int, ink: str, *, strength: int = 255, part: float = 1) -> None:
    """A disc, or the left part of one; drawn four times as large so that its edge is smooth."""
    big = 8 * radius
    mask = Image.new("L", (big, big))
    pen = ImageDraw.Draw(mask)
    pen.ellipse((0, 0, big - 1, big - 1), fill=strength)
    pen.rectangle((big * part, 0, big, big), fill=0)
    corner = (centre[0] - radius, centre[1] - radius)
    card.paste(ink, corner, mask=mask.resize((2 * radius, 2 * radius), Image.LANCZOS))


def set_title(title: str) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """The title in at most three lines of like length, at the largest size at which that goes; cut off if it goes at none."""
    room = WIDTH - 2 * MARGIN
    for size in TITLE_SIZES:
        font = _font(DISPLAY, size)
        lines = _wrapped(title, font, room)
        if len(lines) <= (2 if size > 110 else MOST_LINES) and all(font.getlength(line) <= room for line in lines):
            return _balanced(title, font, room, len(lines)), font
    lines = [*lines[: MOST_LINES - 1], " ".join(lines[MOST_LINES - 1 :])]
    return [fitted(line, font, room) for line in lines if line], font


def _balanced(title: str, font: ImageFont.FreeTypeFont, room: int, count: int) -> list[str]:
    """The title in so many lines, none much shorter than another."""
    for narrower in range(room // 3, room, 24):
        lines = _wrapped(title, font, narrower)
        if len(lines) == count and all(font.getlength(line) <= narrower for line in lines):
            return lines
    return _wrapped(title, font, room)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, room: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def fitted(line: str, font: ImageFont.FreeTypeFont, room: int) -> str:
    """The line, cut off with an ellipsis if it is wider than the room."""
    if font.getlength(line) <= room:
        return line
    while line and font.getlength(f"{line}…") > room:
        line = line[:-1].rstrip(" ,")
    return f"{line}…"


def drawable(text: str, name: str) -> str:
    """The text, if the font has all its letters; else nothing: boxes in their place would say less."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    return text if all(_has(name, char) for char in set(text) - {" "}) else ""


@once
def _has(name: str, char: str) -> bool:
    """Whether the font draws something else than the box that stands for letters it lacks."""
    font = _font(name, 40)
    return _shape(font, char) != _shape(font, "\U0010ffff")


def _shape(font: ImageFont.FreeTypeFont, char: str) -> tuple:
    mask = font.getmask(char)
    return mask.size, bytes(mask)


@once
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / name, size)
