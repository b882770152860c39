"""Rich text: what an editor can write and what is stored. How it is printed: config/printing.py.

One list of extensions decides both: the editor offers exactly what the sanitiser lets through.
"""

import re
from urllib.parse import unquote

import nh3
from django.conf import settings
from django_prose_editor.config import allowlist_from_extensions, expand_extensions
from django_prose_editor.fields import ProseEditorField

from config.markup import parse, words
from config.spoilers import settled, without_spoilers

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
    "Spoiler": True,
    "SpoilerBlock": True,
}
"""A review: headings, quotes, lists, pictures with captions, footnotes and marked spoilers as well."""


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
        cleaned = self._cleaner.clean(cleaned)  # with its table gone, a heading in a heading is read as two
        cleaned = _PICTURELESS.sub("", cleaned.replace("&nbsp;", " ").replace("\u00a0", " "))
        cleaned = settled(cleaned).strip()
        return cleaned if "<img" in cleaned or words(parse(cleaned)) else ""


def _lost_blocks(extensions: dict) -> re.Pattern:
    """What ends a line in the HTML that comes in but is not allowed: a space must keep the words apart."""
    kept = allowlist_from_extensions(expand_extensions(extensions))["tags"]
    return re.compile(rf"</(?:{'|'.join(sorted(_BLOCKS - set(kept)))})\s*>|<br\s*/?>", re.IGNORECASE)


_BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "dt", "dd", "td", "th", "pre", "div", "section", "article"}
_BLOCKS |= {"blockquote", "figcaption"}
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


def plain_text(html: str) -> str:
    """The words of stored HTML as one line of text, without footnotes and without what is marked as spoiling."""
    return words(parse(without_spoilers(html)))


def word_count(html: str) -> int:
    """How many words stored HTML holds, spoilers included, for the reading time."""
    return len(words(parse(html)).split())
