"""A mailing's message, encoded once: each recipient's copy only puts a few slots between ready-made bytes.

Slots stand in the rendered letter as private characters. What lies between them is quoted-printable and joined by
soft line breaks, so any value fits in without encoding the rest again (RFC 2045, 6.7)."""

import re
from binascii import b2a_qp
from collections.abc import Iterable, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from html import escape
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import idna
from django.conf import settings
from django.utils import timezone

from subscriptions.printing import printed
from subscriptions.snapshot import listed, one_line, subject_and_preheader

OPEN, CLOSE = "\ue000", "\ue001"
_TOKEN = re.compile(f"{OPEN}([a-z]*)([0-9]*){CLOSE}")
SLOTS = ("leave", "letters", "view", "reasons")  # a recipient's own
SHOWN = ("subject", "preheader", "credits")  # the same for the same items
MARKS = ("also", "more", "credited")  # where something begins that not every mail has; "end" ends it
_BEGIN = rf"{OPEN}(?:(?:lead|row)[0-9]+|{'|'.join(MARKS)}){CLOSE}"
_END = f"{OPEN}end{CLOSE}"
MOST_ITEMS = 40  # printed in one mail: some 2 kB each, and Gmail cuts at 102 kB
BOUNDARY = "=_part"  # in quoted-printable no "=" is ever followed by "_"
VARIANTS_KEPT = 500
FOLLOW = "you follow "
_UNFIT_FOR_HEADER = re.compile(r"[\x00-\x20\x7f<>]")


def token(name: str) -> str:
    """The private characters that stand for a slot or a mark in a rendered letter."""
    return f"{OPEN}{name}{CLOSE}"


def wire_form(address: str) -> tuple[str, bool]:
    """An address as RCPT TO and To: take it, and whether it needs SMTPUTF8.

    A domain of other letters is written in its ASCII form, which every server takes; a local part has none (RFC 6531).
    Raises ValueError for what cannot stand in a header."""
    local, _at, domain = address.rpartition("@")
    if not local or not domain or _UNFIT_FOR_HEADER.search(address):
        raise ValueError("not an address that mail can be sent to")
    if local.isascii():
        domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    return f"{local}@{domain}", not local.isascii()


def message_id(identity: UUID, delivery_id: int) -> str:
    """The Message-ID of one delivery: the same whenever it is sent again."""
    return f"<{identity}.{delivery_id}@{_host()}>"


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname


def sender(setting: str, publication: str) -> Address:
    """From whom a mail is: the address of the settings, under the publication's name if they have none."""
    name, address = parseaddr(setting)
    return Address(display_name=name or publication, addr_spec=address)


class Letter(NamedTuple):
    """What a mail says, in both its parts."""

    subject: str
    text: str
    html: str


class Variant(NamedTuple):
    """The bytes of all mails with the same items: what comes before the recipient's own headers, then the body in
    pieces, where a pair (slot, is_html) stands for what is the recipient's own."""

    head: bytes
    body: list[bytes | tuple[str, bool]]


class Frame:
    """What the mails of one mailing have in common, made of its snapshot (subscriptions/snapshot.py)."""

    def __init__(self, content: dict):
        self.content = content
        marks = {name: token(name) for name in (*SLOTS, *SHOWN, *MARKS, "end")}
        items = [
            {"of": item, "as_lead": token(f"lead{place}"), "as_row": token(f"row{place}"), "end": marks["end"]}
            for place, item in enumerate(content["items"])
        ]
        also = {"daily": "Also today", "weekly": "Also this week"}.get(content["kind"], "Also")
        context = {**content, **marks, "items": items, "also_words": also}
        text, html = printed("mailing", context)
        self._text, self._html = _pieces(_spaced(text)), _pieces(html)
        self._variants: dict[tuple[int, ...], Variant] = {}

    def message(
        self,
        *,
        to: str,
        identity: UUID,
        delivery_id: int,
        items: Sequence[int] | None = None,
        reasons: Iterable[str] = (),
        links: dict[str, str],
    ) -> bytes:
        """One recipient's message, ready for DATA but for dot-stuffing: CRLF, lines of at most 76 (headers: 998).

        `items` are the places in the snapshot this reader gets, None for all; `links` has leave, letters and view.
        Raises ValueError if the address or a link cannot stand in a header. The return path is the envelope's:
        see subscriptions.bounces.return_path()."""
        variant = self._variant(items)
        address, _utf8 = wire_form(to)
        if _UNFIT_FOR_HEADER.search(links["leave"]):
            raise ValueError("not a link that can stand in a header")
        own = (
            f"To: {address}\r\n"
            f"Date: {format_datetime(timezone.now())}\r\n"
            f"Message-ID: {message_id(identity, delivery_id)}\r\n"
            f"List-Unsubscribe: <{links['leave']}>\r\n\r\n"
        )
        values = {
            "reasons": _reasons(tuple(reasons), self.content["publication"]["name"]),
            **{name: _both(link) for name, link in links.items()},
        }
        body = [piece if isinstance(piece, bytes) else values[piece[0]][piece[1]] for piece in variant.body]
        return b"".join([variant.head, own.encode(), *body])

    def letter(
        self, *, items: Sequence[int] | None = None, reasons: Iterable[str] = (), links: dict[str, str]
    ) -> Letter:
        """The same as a Letter, for a preview or a test mail."""
        chosen = self._chosen(items)
        shown = self._shown(chosen)
        values = {"reasons": reason_line(reasons, self.content["publication"]["name"]), **links, **shown}
        text, html = (
            "".join(
                piece if isinstance(piece, str) else escape(values[piece[0]]) if is_html else values[piece[0]]
                for piece in _choose(part, chosen, has_credits=bool(shown["credits"]))
            )
            for is_html, part in ((False, self._text), (True, self._html))
        )
        return Letter(shown["subject"], text, html)

    def _chosen(self, items: Sequence[int] | None) -> tuple[int, ...]:
        return tuple(range(len(self.content["items"])) if items is None else items)

    def _shown(self, chosen: tuple[int, ...]) -> dict[str, str]:
        """Subject, preheader and picture credits of a mail with these items."""
        items = [self.content["items"][place] for place in chosen]
        stills = [item["still"] for item in items[:MOST_ITEMS] if item["still"]]
        credits = "; ".join(dict.fromkeys(still["credit"] for still in stills if still["credit"]))
        whole = len(items) == len(self.content["items"])
        said = self.content if whole else subject_and_preheader(items)
        return {"subject": one_line(said["subject"]), "preheader": one_line(said["preheader"]), "credits": credits}

    def _variant(self, items: Sequence[int] | None) -> Variant:
        chosen = self._chosen(items)
        if chosen not in self._variants:
            if len(self._variants) >= VARIANTS_KEPT:
                self._variants.clear()
            self._variants[chosen] = self._make(chosen)
        return self._variants[chosen]

    def _make(self, chosen: tuple[int, ...]) -> Variant:
        shown = self._shown(chosen)
        body: list[bytes | tuple[str, bool]] = []
        for kind, is_html, part in (("plain", False, self._text), ("html", True, self._html)):
            body.append(_part_head(kind))
            body += _encoded(_choose(part, chosen, has_credits=bool(shown["credits"])), shown, is_html)
        body.append(f"\r\n--{BOUNDARY}--\r\n".encode())
        return Variant(self._head(shown["subject"]), _merged(body))

    def _head(self, subject: str) -> bytes:
        """The headers all have in common, folded and encoded."""
        head = EmailMessage(policy=SMTP)
        head["From"] = sender(settings.NEWSLETTER_FROM_EMAIL, self.content["publication"]["name"])
        head["Subject"] = subject
        head["List-Id"] = f"letters <letters.{_host()}>"
        head["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        head["Auto-Submitted"] = "auto-generated"
        head["Precedence"] = "bulk"  # no standard, but old holiday responders know nothing else
        head["MIME-Version"] = "1.0"
        kind = f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n'
        return head.as_bytes().removesuffix(b"\r\n") + kind.encode()


def reason_line(reasons: Iterable[str], publication: str) -> str:
    """You get this because you follow Claire Denis and films from France: made of sentences that begin with You."""
    said = [f"{reason[:1].lower()}{reason[1:]}".rstrip(".") for reason in map(one_line, reasons) if reason]
    followed = [reason.removeprefix(FOLLOW) for reason in said if reason.startswith(FOLLOW)]
    clauses = [reason for reason in said if not reason.startswith(FOLLOW)]
    if followed:
        clauses.append(FOLLOW + listed(followed))
    return f"You get this because {listed(clauses) or f'you subscribed to {publication}'}."


# --- Pieces: text, ("leave", "") for a slot, ("row", "3") for a mark ------------------------------


def _spaced(text: str) -> str:
    """The text part with one empty line between blocks, whichever of them are chosen."""
    text = re.sub(rf"\s*({_BEGIN})\s*", r"\1\n\n", re.sub(rf"\s*({_END})\s*", r"\1", text))
    return re.sub(f"{_END}(?!{_BEGIN})", f"{_END}\n\n", text)


def _pieces(rendered: str) -> list[str | tuple[str, str]]:
    pieces: list[str | tuple[str, str]] = []
    done = 0
    for match in _TOKEN.finditer(rendered):
        pieces += [rendered[done : match.start()], (match[1], match[2])]
        done = match.end()
    return [*pieces, rendered[done:]]


def _choose(
    pieces: list[str | tuple[str, str]], chosen: tuple[int, ...], *, has_credits: bool
) -> Iterable[str | tuple[str, str]]:
    """The pieces of a mail with these items: the first as the lead, the others as rows."""
    wanted = {("lead", str(chosen[0]))} if chosen else set()
    wanted |= {("row", str(place)) for place in chosen[1:MOST_ITEMS]}
    if len(chosen) > 1:
        wanted.add(("also", ""))
    if len(chosen) > MOST_ITEMS:
        wanted.add(("more", ""))
    if has_credits:
        wanted.add(("credited", ""))
    inside = True
    for piece in pieces:
        if isinstance(piece, tuple) and piece[0] in ("lead", "row", *MARKS):
            inside = piece in wanted
        elif piece == ("end", ""):
            inside = True
        elif inside:
            yield piece


def _part_head(kind: str) -> bytes:
    return (
        f"\r\n--{BOUNDARY}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode()


def _encoded(
    pieces: Iterable[str | tuple[str, str]], shown: dict[str, str], is_html: bool
) -> Iterable[bytes | tuple[str, bool]]:
    """Text encoded, slots left open; where a line goes on behind a slot, or into one, it is broken softly."""
    text: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            text.append(piece)
        elif piece[0] in shown:
            text.append(escape(shown[piece[0]]) if is_html else shown[piece[0]])
        else:
            yield _quoted("".join(text)) + b"=\r\n"
            yield (piece[0], is_html)
            yield b"=\r\n"
            text = []
    yield _quoted("".join(text))


def _quoted(text: str) -> bytes:
    return b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")


def _both(value: str) -> tuple[bytes, bytes]:
    """What a slot takes in the text part and in the HTML part."""
    return _quoted(value), _quoted(escape(value))


@lru_cache(maxsize=10_000)
def _reasons(reasons: tuple[str, ...], publication: str) -> tuple[bytes, bytes]:
    return _both(reason_line(reasons, publication))


def _merged(body: Iterable[bytes | tuple[str, bool]]) -> list[bytes | tuple[str, bool]]:
    """Neighbouring bytes as one piece."""
    merged: list[bytes | tuple[str, bool]] = []
    for piece in body:
        if merged and isinstance(piece, bytes) and isinstance(merged[-1], bytes):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged
