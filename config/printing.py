"""Rich text as a page prints it: headings with addresses, footnotes with numbers, spoilers closed.

Roles are those of ARIA 1.2 (paragraph) and DPUB-ARIA 1.1 (doc-noteref, doc-endnotes, doc-backlink)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

from django.utils.safestring import SafeString, mark_safe

from config.images import text_picture
from config.markup import Element, Node, parse, words
from config.slugs import slug_from
from config.spoilers import is_spoiler

_LOWERED = {"h2": "h3", "h3": "h4"}
_PICTURE_SIZES = "(width >= 60rem) 42rem, 92vw"
_OWN_SIZE = re.compile(r'\s*(?:width|height)="[^"]*"')


@dataclass(frozen=True)
class Heading:
    """A heading of a text, and the id it is linked by."""

    id: str
    text: str


def printed(html: str, film: str = "", *, lower_headings: bool = True) -> SafeString:
    """Stored HTML as the page of its text prints it: notes linked both ways and listed at the end, spoilers closed.

    `film` names what a spoiler without words of its own gives away. Where the text stands under a heading of the
    page, its own headings are printed one level lower."""
    printer = _Printer(film, lower_headings)
    body = printer.html(parse(html))
    return mark_safe(body + printer.endnotes())


def headings(html: str) -> list[Heading]:
    """The main headings of stored HTML as printed() names them; what stands inside a spoiler stays hidden."""
    printer = _Printer()
    printer.html(parse(html))
    return printer.headings


@dataclass
class _Printer:
    film: str = ""
    lower_headings: bool = True
    headings: list[Heading] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)
    _label: str | None = None
    """What the spoiler gives away that is being printed, None outside of one."""

    def html(self, nodes: Iterable[Node]) -> str:
        return "".join(node if isinstance(node, str) else self._element(node) for node in nodes)

    def _element(self, node: Element) -> str:
        if (note := node.attribute("data-footnote")) is not None:
            return self._note(note)
        if is_spoiler(node):
            return self._spoiler(node)
        if node.tag in ("h2", "h3"):
            return self._heading(node)
        if node.tag == "img":
            return _picture(node)
        if node.tag == "p" and any(map(is_spoiler, node.children)):  # <details> may not stand in a <p>
            return f'<div class="p" role="paragraph">{self.html(node.children)}</div>'
        return str(Element(node.start, node.tag, [self.html(node.children)]))

    def _spoiler(self, node: Element) -> str:
        self._label = self._name(node.attribute("data-spoiler"))
        html = _details(self._label, self.html(node.children), inline=node.tag == "span")
        self._label = None
        return html

    def _name(self, given_away: str) -> str:
        if given_away:
            return f"Spoiler: {escape(given_away)}"
        return f'Spoiler<span class="vh"> for {escape(self.film)}</span>' if self.film else "Spoiler"

    def _heading(self, node: Element) -> str:
        """A heading with an id of its words. The prefix keeps it apart from the ids of the page."""
        text = words([node])
        stem = address = f"on-{slug_from(text)}"
        count = 1
        while address in self._ids:
            count += 1
            address = f"{stem}-{count}"
        self._ids.add(address)
        if node.tag == "h2" and text and self._label is None:
            self.headings.append(Heading(address, text))
        tag = _LOWERED[node.tag] if self.lower_headings else node.tag
        return f'<{tag} id="{address}">{self.html(node.children)}</{tag}>'

    def _note(self, text: str) -> str:
        """The mark of a footnote. The text of one inside a spoiler waits for its reader in a spoiler as well."""
        number = len(self._notes) + 1
        note = (
            f'{escape(text)} <a href="#note-ref-{number}" role="doc-backlink">'
            f'<span aria-hidden="true">↑</span><span class="vh">Back to the text, note {number}</span></a>'
        )
        self._notes.append(note if self._label is None else _details(self._label, note, inline=True))
        return (
            f'<sup class="note-ref"><a id="note-ref-{number}" href="#note-{number}" role="doc-noteref">'
            f'<span class="vh">Note </span>{number}</a></sup>'
        )

    def endnotes(self) -> str:
        if not self._notes:
            return ""
        items = "".join(f'<li id="note-{number}">{note}</li>' for number, note in enumerate(self._notes, 1))
        return f'<section class="notes" role="doc-endnotes" aria-label="Notes"><ol>{items}</ol></section>'


def _details(name: str, content: str, *, inline: bool) -> str:
    """What a reader opens: no script, by keyboard, and not in the accessibility tree before. Search engines may not
    quote it."""
    if inline:
        return (
            f'<details class="spoiler inline"><summary>{name}</summary><span data-nosnippet>{content}</span></details>'
        )
    return f'<details class="spoiler"><summary>{name}</summary><div data-nosnippet>{content}</div></details>'


def _picture(node: Element) -> str:
    """An <img> of a text as a <picture> with its sizes, and with the room it needs kept free."""
    known = text_picture(node.attribute("src") or "")
    rest = _OWN_SIZE.sub("", node.start.removesuffix(">").rstrip(" /"))
    size = f' width="{known.width}" height="{known.height}"' if known else ""
    image = f'{rest}{size} loading="lazy" decoding="async">'
    if not (known and known.sources):
        return image
    listed = "".join(
        f'<source type="{one.type}" srcset="{one.srcset}" sizes="{_PICTURE_SIZES}">' for one in known.sources
    )
    return f"<picture>{listed}{image}</picture>"
