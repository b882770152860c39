"""Spoilers: passages of a text that give away what happens, in the film at hand or in another.

Stored as <span data-spoiler="…"> around words of a paragraph and <div data-spoiler="…"> around whole blocks; the
attribute says in the editor's words what they give away, or nothing if it is the film at hand. They are printed
on the page of the text alone, closed. Whatever else is made of a text is made of without_spoilers()."""

from collections.abc import Iterable
from html import escape

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from config.markup import INLINE, Element, Node, elements, html_of, parse, words

LABEL_LENGTH = 80
_WHOLE = {"h2", "h3", "ul", "ol", "figure"}  # a part of these cannot be hidden: all of it is
_BLOCKS = _WHOLE | {"p", "li", "blockquote", "hr", "figcaption"}


def is_spoiler(node: Node) -> bool:
    """Whether a node is a marked passage."""
    return isinstance(node, Element) and node.attribute("data-spoiler") is not None


def without_spoilers(html: str, instead: SafeString | str = "") -> str:
    """Stored HTML without its marked passages: what may be quoted, listed, sent or searched.

    `instead` stands in the place of each, in a paragraph of its own if the passage was whole blocks; without it,
    words taken from a sentence leave three dots."""
    if "data-spoiler" not in html:
        return html
    return html_of(_without(parse(html), conditional_escape(instead)))


def _without(nodes: Iterable[Node], instead: str) -> Iterable[Node]:
    for node in nodes:
        if not isinstance(node, Element):
            yield node
        elif not is_spoiler(node):
            yield Element(node.start, node.tag, list(_without(node.children, instead)))
        elif node.tag == "span":
            yield instead or "…"
        elif instead:
            yield f"<p>{instead}</p>"


# --- On the way in ------------------------------------------------------------------------------


def settled(html: str) -> str:
    """Sanitised HTML with every marked passage where it can be printed, and no other <span> or <div> but footnotes.

    A passage inside another is part of it. One that begins inside a link or emphasis has these inside it; one that
    is part of a heading, a list or a figure takes all of it."""
    if "<span" not in html and "<div" not in html:
        return html
    return html_of(_settled(parse(html), inside=False))


def _settled(nodes: Iterable[Node], *, inside: bool) -> list[Node]:
    kept: list[Node] = []
    for node in nodes:
        if isinstance(node, str):
            kept.append(node)
        elif node.tag not in ("span", "div"):
            kept += _around(node, _settled(node.children, inside=inside))
        else:
            kept += _of_marker(node, inside)
    return kept


def _of_marker(node: Element, inside: bool) -> list[Node]:
    """A <span> or <div>: a footnote, a passage, or nothing but what it holds."""
    note, label = node.attribute("data-footnote"), node.attribute("data-spoiler")
    marks = label is not None and not inside
    if note is None:
        held = _settled(node.children, inside=inside or marks)
    else:
        held = [Element(f'<span data-footnote="{_quoted(note)}">', "span", ["*"])]
    if marks:
        return _passage(held, label, whole=node.tag == "div")
    return held + [" "] * (node.tag == "div")


def _passage(held: list[Node], label: str, *, whole: bool) -> list[Node]:
    """Nodes as a marked passage, if there is anything in them; `whole` makes mere words a paragraph."""
    if not words(held) and not any(element.tag in ("img", "span") for element in elements(held)):
        return [node for node in held if isinstance(node, str)]
    blocks = any(isinstance(node, Element) and node.tag in _BLOCKS for node in held)
    tag = "div" if whole or blocks else "span"
    if whole and not blocks:
        held = [Element("<p>", "p", held)]
    return [Element(f'<{tag} data-spoiler="{_quoted(" ".join(label.split())[:LABEL_LENGTH].strip())}">', tag, held)]


def _around(node: Element, held: list[Node]) -> list[Node]:
    """An element with what it holds, turned inside out or wrapped whole where a passage cannot stand in it."""
    passages = [child for child in held if is_spoiler(child)]
    if passages and node.tag in _WHOLE:
        node.children = [inner for child in held for inner in (child.children if is_spoiler(child) else [child])]
        return _passage([node], passages[0].attribute("data-spoiler"), whole=False)
    parted = node.tag in INLINE or (node.tag == "p" and any(passage.tag == "div" for passage in passages))
    if not (passages and parted):
        node.children = held
        return [node]
    pieces: list[Node] = []
    for child in held:
        if is_spoiler(child):
            child.children = child.children if child.tag == "div" else [Element(node.start, node.tag, child.children)]
            pieces += [child]
        elif pieces and not is_spoiler(pieces[-1]):
            pieces[-1].children.append(child)
        else:
            pieces.append(Element(node.start, node.tag, [child]))
    return pieces


def _quoted(value: str) -> str:
    """The value of an attribute, written as the sanitiser writes it."""
    return escape(value, quote=False).replace('"', "&quot;")
