"""Stored HTML as a tree, so that what belongs together is taken together."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape

VOID = {"br", "hr", "img"}
INLINE = {"a", "em", "i", "strong", "b", "span"}
_PARTS = re.compile(r"(<[^>]+>)")
_ATTRIBUTE = re.compile(r'\s([\w-]+)="([^"]*)"')
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)")


@dataclass
class Element:
    """An element: its start tag as it stands, and what it holds."""

    start: str
    tag: str = ""
    children: list["Node"] = field(default_factory=list)

    def attribute(self, name: str) -> str | None:
        """The value of an attribute, None if there is none of this name."""
        if name not in self.start:
            return None
        value = dict(_ATTRIBUTE.findall(self.start)).get(name)
        return None if value is None else unescape(value)

    def __str__(self):
        return self.start if self.tag in VOID else f"{self.start}{html_of(self.children)}</{self.tag}>"


type Node = Element | str


def parse(html: str) -> list[Node]:
    """Sanitised HTML as a tree. The sanitiser closes what it opens and escapes every < and > that is no tag's."""
    root: list[Node] = []
    opened: list[Element] = []
    for part in _PARTS.split(html):
        tag = _TAG.match(part)
        here = opened[-1].children if opened else root
        if not tag:
            here += [part] if part else []
        elif not tag[1]:
            here.append(Element(part, tag[2]))
            opened += [here[-1]] if tag[2] not in VOID else []
        elif any(element.tag == tag[2] for element in opened):
            while opened.pop().tag != tag[2]:
                pass
    return root


def html_of(nodes: Iterable[Node]) -> str:
    """The HTML of a tree."""
    return "".join(map(str, nodes))


def elements(nodes: Iterable[Node]) -> Iterable[Element]:
    """All elements of a tree, each before those inside it."""
    for node in nodes:
        if isinstance(node, Element):
            yield node
            yield from elements(node.children)


def words(nodes: Iterable[Node]) -> str:
    """The words of a tree as one line, without footnotes."""
    return " ".join(unescape(_text(nodes)).split())


def _text(nodes: Iterable[Node]) -> str:
    parts = []
    for node in nodes:
        if isinstance(node, str):
            parts.append(node)
        elif node.attribute("data-footnote") is None:
            inner = _text(node.children)
            parts.append(inner if node.tag in INLINE else f" {inner} ")
    return "".join(parts)
