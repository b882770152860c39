"""A letter's HTML and its text part, both from the one template it has.

The text is read from the HTML. The reader knows the few elements our templates use, and two hints in them:
data-text="none" leaves an element out, data-text="words" prints a link without its address (which comes again)."""

import re
import textwrap
from html.parser import HTMLParser

from css_inline import CSSInliner
from django.conf import settings
from django.template.loader import render_to_string

WIDTH = 72
_BLOCKS = {"p", "h1", "h2", "h3", "td", "div"}
_VOID = {"img", "br", "meta", "hr", "link"}
_UNSEEN = {"head", "style", "title"}
_INLINER = CSSInliner(load_remote_stylesheets=False)
_HINT = re.compile(r' data-(?:text|css-inline)="\w+"')
_SPACE = re.compile(r"\s*\n\s*")


def printed(kind: str, context: dict) -> tuple[str, str]:
    """A letter as text and as HTML with its styles beside each element, as mail clients want it."""
    context |= {"site_url": settings.SITE_URL}
    html = render_to_string(f"subscriptions/email/{kind}.html", context)
    return plain(html), _HINT.sub("", _SPACE.sub("\n", _INLINER.inline(html)))


def plain(html: str) -> str:
    """The words of a letter: paragraphs of 72 columns, headings underlined, addresses of links written out."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "\n\n".join(reader.blocks) + "\n"


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self.words: list[str] = []
        self.open: list[tuple[str, bool, str]] = []  # tag, whether it is left out, address to write behind it
        self.is_heading = False

    def handle_starttag(self, tag, attributes):
        hints = dict(attributes)
        if tag == "br":
            self.words.append("\n")
        if tag in _BLOCKS:
            self.end_block()
            self.is_heading = tag in ("h1", "h2")
        if tag == "hr":
            self.end_block()
            self.blocks.append("-" * WIDTH)
        if tag in _VOID:
            return
        silent = self.is_silent or tag in _UNSEEN or hints.get("data-text") == "none"
        address = hints.get("href", "") if tag == "a" and hints.get("data-text") != "words" else ""
        self.open.append((tag, silent, address))

    def handle_endtag(self, tag):
        if tag not in [opened[0] for opened in self.open]:
            return
        while self.open:
            opened, silent, address = self.open.pop()
            if address and not silent and "".join(self.words).strip():
                self.words.append(f": {address} ")
            if opened == tag:
                break
        if tag in _BLOCKS:
            self.end_block()

    def handle_data(self, data):
        if not self.is_silent:
            self.words.append(data.replace("\n", " "))

    @property
    def is_silent(self) -> bool:
        return bool(self.open) and self.open[-1][1]

    def end_block(self) -> None:
        lines = [" ".join(line.split()) for line in "".join(self.words).split("\n")]
        self.words = []
        text = "\n".join(
            textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) for line in lines if line
        )
        if not text:
            return
        if self.is_heading:
            text += "\n" + "-" * max(map(len, text.split("\n")))
        self.is_heading = False
        self.blocks.append(text)
