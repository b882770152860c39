"""A mailing's message, encoded once: each recipient's copy only puts a few slots between ready-made bytes.

Slots stand in the rendered letter as private characters. What lies between them is quoted-printable and joined by
soft line breaks, so any value fits in without encoding the rest again (RFC 2045, 6.7). Where letters are not Latin
base64 is shorter: there the end of a part, from its first slot, is encoded for each recipient."""

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections import Counter, defaultdict
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
MOST_BYTES = 100_000  # of a whole message; Gmail cuts at 102 kB
OWN_BYTES = 6_000  # of them for what is a recipient's own: headers, links, reasons
MOST_REASONS = 10
BASE64_LINE = 57  # bytes that one line of base64 holds, in 78 with its end
LINE = 76  # signs of an encoded line: RFC 2045, 6.7
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


class Rest(NamedTuple):
    """The end of a part in base64: bytes not encoded yet, and pairs (slot, is_html) for what is the recipient's own."""

    pieces: list[bytes | tuple[str, bool]]

    def filled(self, own: dict[str, str]) -> bytes:
        return _in_base64(b"".join(piece if isinstance(piece, bytes) else _own(piece, own) for piece in self.pieces))


class Variant(NamedTuple):
    """The bytes of all mails with the same items: what comes before the recipient's own headers, then the body in
    pieces, where a pair (slot, is_html) or a Rest stands for what is the recipient's own. The first `count` of the
    items are in it."""

    head: bytes
    body: list[bytes | tuple[str, bool] | Rest]
    count: int

    @property
    def size(self) -> int:
        """Of a message, without what is the recipient's own."""
        ready = sum(len(piece) for piece in self.body if isinstance(piece, bytes))
        rests = [_size(piece.pieces) for piece in self.body if isinstance(piece, Rest)]
        return len(self.head) + ready + sum(map(_size_in_base64, rests))


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
        self._weights = _weights([self._text, self._html])
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
        said = _reasons(tuple(reasons), self.content["publication"]["name"])
        values = {"reasons": said.quoted, **{name: _both(link) for name, link in links.items()}}
        words = {"reasons": said.line, **links}
        body = [
            piece
            if isinstance(piece, bytes)
            else piece.filled(words)
            if isinstance(piece, Rest)
            else values[piece[0]][piece[1]]
            for piece in variant.body
        ]
        return b"".join([variant.head, own.encode(), *body])

    def letter(
        self, *, items: Sequence[int] | None = None, reasons: Iterable[str] = (), links: dict[str, str]
    ) -> Letter:
        """The same as a Letter, for a preview or a test mail."""
        chosen, count = self._chosen(items), self._variant(items).count
        shown = self._shown(chosen, count)
        values = {"reasons": reason_line(reasons, self.content["publication"]["name"]), **links, **shown}
        text, html = (
            "".join(
                piece if isinstance(piece, str) else escape(values[piece[0]]) if is_html else values[piece[0]]
                for piece in _choose(part, chosen, count, has_credits=bool(shown["credits"]))
            )
            for is_html, part in ((False, self._text), (True, self._html))
        )
        return Letter(shown["subject"], text, html)

    def _chosen(self, items: Sequence[int] | None) -> tuple[int, ...]:
        return tuple(range(len(self.content["items"])) if items is None else items)

    def _shown(self, chosen: tuple[int, ...], count: int) -> dict[str, str]:
        """Subject, preheader and picture credits of a mail with these items, of which so many are printed."""
        items = [self.content["items"][place] for place in chosen]
        stills = [item["still"] for item in items[:count] if item["still"]]
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
        """With as many of the items as MOST_BYTES allow."""
        count = self._fitting(chosen)
        while (variant := self._with(chosen, count)).size > MOST_BYTES - OWN_BYTES and count > 1:
            count -= 1
        return variant

    def _fitting(self, chosen: tuple[int, ...]) -> int:
        """How many of these items fit, by what each weighs: near enough for the first try."""
        fixed = [("", ""), *((mark, "") for mark in MARKS), *(("lead", str(place)) for place in chosen[:1])]
        weight = Counter()
        for block in fixed:
            weight += self._weights[block]
        for count, place in enumerate(chosen[1:], 1):
            weight += self._weights["row", str(place)]
            if sum(min(weight[kind, "quoted"], weight[kind, "base64"]) for kind in (0, 1)) > MOST_BYTES - OWN_BYTES:
                return count
        return len(chosen)

    def _with(self, chosen: tuple[int, ...], count: int) -> Variant:
        shown = self._shown(chosen, count)
        body: list[bytes | tuple[str, bool] | Rest] = []
        for kind, is_html, part in (("plain", False, self._text), ("html", True, self._html)):
            pieces = _choose(part, chosen, count, has_credits=bool(shown["credits"]))
            body += _part(kind, _words_and_slots(pieces, shown, is_html))
        body.append(f"\r\n--{BOUNDARY}--\r\n".encode())
        return Variant(self._head(shown["subject"]), _merged(body), count)

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
    if len(followed) > MOST_REASONS:
        followed[MOST_REASONS:] = [f"{len(followed) - MOST_REASONS} more"]
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


def _weights(parts: list[list[str | tuple[str, str]]]) -> dict[tuple[str, str], Counter]:
    """What each block of the text part (0) and the HTML part (1) weighs in either encoding; ("", "") is outside of
    all blocks."""
    weights: dict[tuple[str, str], Counter] = defaultdict(Counter)
    for kind, pieces in enumerate(parts):
        block = ("", "")
        for piece in pieces:
            if isinstance(piece, str):
                sizes = {"quoted": len(_quoted(piece)), "base64": _size_in_base64(len(piece.encode()))}
                weights[block].update({(kind, encoding): size for encoding, size in sizes.items()})
            elif piece[0] in ("lead", "row", *MARKS, "end"):
                block = ("", "") if piece[0] == "end" else piece
    return weights


def _choose(
    pieces: list[str | tuple[str, str]], chosen: tuple[int, ...], count: int, *, has_credits: bool
) -> Iterable[str | tuple[str, str]]:
    """The pieces of a mail with so many of these items: the first as the lead, the others as rows."""
    wanted = {("lead", str(chosen[0]))} if chosen else set()
    wanted |= {("row", str(place)) for place in chosen[1:count]}
    if count > 1:
        wanted.add(("also", ""))
    if len(chosen) > count:
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


def _words_and_slots(
    pieces: Iterable[str | tuple[str, str]], shown: dict[str, str], is_html: bool
) -> list[str | tuple[str, bool]]:
    """Words, a slot, words, and so on to the last words: what the mails of a variant share is filled in."""
    found: list[str | tuple[str, bool]] = [""]
    for piece in pieces:
        if not isinstance(piece, str) and piece[0] not in shown:
            found += [(piece[0], is_html), ""]
            continue
        words = piece if isinstance(piece, str) else shown[piece[0]]
        found[-1] += escape(words) if is_html and not isinstance(piece, str) else words
    return found


def _part(kind: str, pieces: list[str | tuple[str, bool]]) -> list[bytes | tuple[str, bool] | Rest]:
    """A part with its head, in the shorter of the two encodings."""
    quoted, plain = _quoted_pieces(pieces), _plain_pieces(pieces)
    is_quoted = _size(quoted) <= _size_in_base64(_size(plain))
    head = (
        f"\r\n--{BOUNDARY}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {'quoted-printable' if is_quoted else 'base64'}\r\n\r\n"
    )
    if is_quoted:
        return [head.encode(), *quoted]
    first, *others = plain
    ready = len(first) - len(first) % BASE64_LINE
    return [head.encode(), _in_base64(first[:ready]), Rest([first[ready:], *others])]


def _quoted_pieces(pieces: list[str | tuple[str, bool]]) -> list[bytes | tuple[str, bool]]:
    """Where a line goes on behind a slot, or into one, it is broken softly."""
    quoted: list[bytes | tuple[str, bool]] = []
    for piece in pieces:
        quoted += [_quoted(piece)] if isinstance(piece, str) else [b"=\r\n", piece, b"=\r\n"]
    return quoted


def _plain_pieces(pieces: list[str | tuple[str, bool]]) -> list[bytes | tuple[str, bool]]:
    return [piece.replace("\n", "\r\n").encode() if isinstance(piece, str) else piece for piece in pieces]


def _size(pieces: list[bytes | tuple[str, bool]]) -> int:
    return sum(len(piece) for piece in pieces if isinstance(piece, bytes))


def _size_in_base64(size: int) -> int:
    return size * 78 // BASE64_LINE


def _in_base64(data: bytes) -> bytes:
    return encodebytes(data).replace(b"\n", b"\r\n")


def _own(slot: tuple[str, bool], own: dict[str, str]) -> bytes:
    name, is_html = slot
    return (escape(own[name]) if is_html else own[name]).encode()


def _quoted(text: str) -> bytes:
    """Quoted-printable, in whose last line there is room for the sign that it goes on."""
    encoded = b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")
    if len(encoded) - encoded.rfind(b"\n") - 1 < LINE:
        return encoded
    cut = 3 if encoded[-3:-2] == b"=" else 1
    return encoded[:-cut] + b"=\r\n" + encoded[-cut:]


def _both(value: str) -> tuple[bytes, bytes]:
    """What a slot takes in the text part and in the HTML part."""
    return _quoted(value), _quoted(escape(value))


class Reasons(NamedTuple):
    """The line that says why a mail was sent, and how a slot takes it in quoted-printable."""

    line: str
    quoted: tuple[bytes, bytes]


@lru_cache(maxsize=10_000)
def _reasons(reasons: tuple[str, ...], publication: str) -> Reasons:
    line = reason_line(reasons, publication)
    return Reasons(line, _both(line))


def _merged(body: Iterable[bytes | tuple[str, bool] | Rest]) -> list[bytes | tuple[str, bool] | Rest]:
    """Neighbouring bytes as one piece."""
    merged: list[bytes | tuple[str, bool] | Rest] = []
    for piece in body:
        if merged and isinstance(piece, bytes) and isinstance(merged[-1], bytes):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged
