"""Rich text: what an editor can write, what is stored, and how notes are printed.

One list of extensions decides both: the editor offers exactly what the sanitiser lets through.
"""

import re
from html import escape, unescape
from urllib.parse import unquote

import nh3
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django_prose_editor.config import allowlist_from_extensions, expand_extensions
from django_prose_editor.fields import ProseEditorField

from config.images import text_picture

LINK = {"enableTarget": False, "protocols": ["http", "https", "mailto"]}
SHORT = {
    "Bold": True,
    "Italic": True,
    "Link": LINK,
    "HardBreak": False,
    "History": True,
    "SpecialCharacters": True,
}
"""A capsule, a biography: paragraphs, emphasis and links."""
LONG = SHORT | {
    "Heading": {"levels": [2, 3]},
    "Blockquote": True,
    "BulletList": True,
    "OrderedList": {"enableListAttributes": False},
    "ListItem": True,
    "HorizontalRule": True,
    "Figure": True,
    "Caption": True,
    "Image": True,
    "Footnote": True,
}
"""A review: headings, quotes, lists, pictures with captions and footnotes as well."""


def _own_pictures_only(tag: str, attribute: str, value: str) -> str | None:
    """Drop pictures from elsewhere: the Content-Security-Policy would not load them, and their rights are unknown."""
    if tag == "img" and attribute == "src":
        own = tuple(
            address
            for address in (
                settings.MEDIA_URL,
                settings.S3_PUBLIC_URL and settings.S3_PUBLIC_URL + "/",
            )
            if address
        )
        return value if value.startswith(own) and ".." not in unquote(value) else None
    return value


def _cleaner(extensions: dict) -> nh3.Cleaner:
    allowed = allowlist_from_extensions(expand_extensions(extensions))
    allowed["attributes"] = {
        tag: set(names) - {"class", "data-file", "data-type"} for tag, names in allowed["attributes"].items()
    }
    allowed["attributes"].get("a", set()).discard("rel")
    allowed["link_rel"] = "noopener"
    return nh3.Cleaner(
        **allowed,
        attribute_filter=_own_pictures_only,
        clean_content_tags={"script", "style", "template", "textarea", "title"},
    )


class _Clean:
    def __init__(self, extensions):
        self.extensions, self._cleaner = extensions, None

    def __call__(self, html: str) -> str:
        """HTML from anyone, reduced to what we store; empty when no words and no picture are left."""
        if self._cleaner is None:  # made late: the allow-list reads Django's settings
            self._cleaner, self._lost_blocks = _cleaner(self.extensions), _lost_blocks(self.extensions)
        html = html.replace("\x00", "").encode(errors="ignore").decode()  # no NUL, no half characters
        cleaned = self._cleaner.clean(self._lost_blocks.sub(r"\g<0> ", html))
        cleaned = _PICTURELESS.sub("", cleaned.replace("&nbsp;", " ").replace("\u00a0", " "))
        cleaned = _without_spare_spans(cleaned)
        return cleaned.strip() if "<img" in cleaned or plain_text(cleaned) else ""


def _lost_blocks(extensions: dict) -> re.Pattern:
    """What ends a line in the HTML that comes in but is not allowed: a space must keep the words apart."""
    kept = allowlist_from_extensions(expand_extensions(extensions))["tags"]
    return re.compile(rf"</(?:{'|'.join(sorted(_BLOCKS - set(kept)))})\s*>|<br\s*/?>", re.IGNORECASE)


def _without_spare_spans(html: str) -> str:
    """Keep the spans that are footnotes; take away the others around their words."""
    kept, opened, depth, done = [], [], 0, 0  # depth: how many of the open spans are footnotes
    for match in _SPAN.finditer(html):
        is_note = "data-footnote=" in match[0]
        if not depth:
            kept.append(html[done : match.start()])
        if match[0] == "</span>":
            was_note = bool(opened) and opened.pop()
            depth -= was_note
        else:
            opened.append(is_note)
            if is_note and not depth:
                kept.append(f"{match[0]}*</span>")  # as the editor writes it
            depth += is_note
        done = match.end()
    return "".join([*kept, html[done:]])


_BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "dt", "dd", "td", "th", "pre", "div", "section", "article"}
_BLOCKS |= {"blockquote", "figcaption"}
_SPAN = re.compile(r"<span\b[^>]*>|</span>")
_PICTURELESS = re.compile(r"""<img(?:\s+(?!src=)[\w-]+="[^"]*")*\s*/?>""")
clean_short = _Clean(SHORT)
clean_long = _Clean(LONG)


class RichTextField(ProseEditorField):
    """HTML that is sanitised whenever it is saved, from a form or not."""

    def __init__(self, *args, extensions=LONG, **kwargs):
        super().__init__(
            *args,
            extensions=extensions,
            sanitize=clean_short if extensions is SHORT else clean_long,
            **kwargs,
        )

    def pre_save(self, instance, add):
        value = self.sanitize(super().pre_save(instance, add) or "")
        setattr(instance, self.attname, value)
        return value


_INLINE = re.compile(r"</?(?:a|em|i|strong|b|span)\b[^>]*>")
_TAG = re.compile(r"<[^>]+>")
_FOOTNOTE = re.compile(r'<span data-footnote="([^"]*)">.*?</span>', re.S)


def plain_text(html: str) -> str:
    """The words of stored HTML, footnotes left out, as one line of text."""
    return re.sub(r"\s+", " ", unescape(_TAG.sub(" ", _INLINE.sub("", _FOOTNOTE.sub("", html))))).strip()


def word_count(html: str) -> int:
    """How many words stored HTML holds, for the reading time."""
    return len(plain_text(html).split())


_IMAGE = re.compile(r'<img ([^>]*?)src="([^"]*)"([^>]*)>')
_OWN_SIZE = re.compile(r'\s*(?:width|height)="[^"]*"')


def _printed_picture(match: re.Match) -> str:
    """An <img> of a text as a <picture> with its sizes, and with the room it needs kept free."""
    before, address, after = match.groups()
    rest = _OWN_SIZE.sub("", f" {before.strip()} {after.strip(' /')}").rstrip()
    known = text_picture(address)
    size = f' width="{known.width}" height="{known.height}"' if known else ""
    image = f'<img src="{address}"{rest}{size} loading="lazy" decoding="async">'
    if not (known and known.sources):
        return image
    sizes = "(width >= 60rem) 42rem, 92vw"
    listed = "".join(f'<source type="{one.type}" srcset="{one.srcset}" sizes="{sizes}">' for one in known.sources)
    return f"<picture>{listed}{image}</picture>"


def printed(html: str, *, lower_headings: bool = True) -> SafeString:
    """Stored HTML as the page prints it: footnotes numbered, linked both ways and listed at the end.

    Roles are those of DPUB-ARIA 1.1 (doc-noteref, doc-endnotes, doc-backlink). Where the text stands under a
    heading of the page, its own headings are printed one level lower."""
    notes: list[str] = []

    def number(match: re.Match) -> str:
        notes.append(unescape(match[1]))
        count = len(notes)
        return (
            f'<sup class="note-ref"><a id="note-ref-{count}" href="#note-{count}" role="doc-noteref">'
            f'<span class="vh">Note </span>{count}</a></sup>'
        )

    html = _FOOTNOTE.sub(number, html)
    if lower_headings:
        html = re.sub(r"(</?h)3>", r"\g<1>4>", html)
        html = re.sub(r"(</?h)2>", r"\g<1>3>", html)
    html = _IMAGE.sub(_printed_picture, html)
    if notes:
        items = "".join(
            f'<li id="note-{count}">{escape(note)} <a href="#note-ref-{count}" role="doc-backlink">'
            f'<span aria-hidden="true">↑</span><span class="vh">Back to the text, note {count}</span></a></li>'
            for count, note in enumerate(notes, 1)
        )
        html += f'<section class="notes" role="doc-endnotes" aria-label="Notes"><ol>{items}</ol></section>'
    return mark_safe(html)
