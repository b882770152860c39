"""The message each recipient of a mailing gets: right for every mail program, and made from ready-made bytes."""

import re
from email import message_from_bytes, policy
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from subscriptions.frame import Frame, message_id, wire_form

IDENTITY = UUID("5b9a3c1e-0000-4000-8000-000000000007")
LINKS = {
    "leave": "https://reviews.example/letters/leave/12-9ec444ad7812e6bf0b3f3f7423bcead8/",
    "letters": "https://reviews.example/letters/12-cfd1ce6ae4e6aa15dcd2a914634cc421/",
    "view": "https://reviews.example/letters/mailings/5b9a3c1e-0000-4000-8000-000000000007/",
}


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = "https://reviews.example"
    settings.NEWSLETTER_FROM_EMAIL = "Sécond Reel <letters@reviews.example>"


def item(title="Beau Travail", **changes) -> dict:
    """One review as a snapshot holds it."""
    return {
        "review_id": 1,
        "title": title,
        "language": "",
        "url": "https://reviews.example/reviews/beau-travail/",
        "film_line": "Claire Denis · France · 1999",
        "byline": "Ida Intertitle",
        "standfirst": "A dance company with nobody in the stalls.",
        "opening": ["An army in the sun."],
        "rating": "4.5",
        "still": None,
        "card": {"classes": ""},
    } | changes


def content(*items, subject="Beau Travail (1999)", kind="review", name="Second Reel") -> dict:
    """The snapshot of a mailing."""
    return {
        "kind": kind,
        "date": "Friday 20 November 2026",
        "publication": {"name": name, "postal_address": "24 Frames Street, Sampleton"},
        "items": list(items or [item()]),
        "subject": subject,
        "preheader": "A dance company.",
    }


def message(snapshot=None, **changes) -> bytes:
    options = {"to": "reader@home.example", "identity": IDENTITY, "delivery_id": 42, "links": LINKS} | changes
    return Frame(snapshot or content()).message(**options)


def parsed(raw: bytes):
    return message_from_bytes(raw, policy=policy.default)


def words(sent, kind: str) -> str:
    """What a mail program shows of a part."""
    return sent.get_body((kind,)).get_content().replace("\r\n", "\n").rstrip()


def test_headers_of_bulk_mail(time_machine):
    time_machine.move_to("2026-11-20T08:00:00Z", tick=False)

    sent = parsed(message())

    assert dict(sent.items()) == {
        "From": "Sécond Reel <letters@reviews.example>",
        "Subject": "Beau Travail (1999)",
        "List-Id": "letters <letters.reviews.example>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/alternative; boundary="=_part"',
        "To": "reader@home.example",
        "Date": "Fri, 20 Nov 2026 08:00:00 +0000",
        "Message-ID": "<5b9a3c1e-0000-4000-8000-000000000007.42@reviews.example>",
        "List-Unsubscribe": "<https://reviews.example/letters/leave/12-9ec444ad7812e6bf0b3f3f7423bcead8/>",
    }
    assert len(sent.items()) == len(set(sent.keys()))


def test_resent_message_has_the_same_identity():
    again = message_id(IDENTITY, 42)

    assert parsed(message())["Message-ID"] == parsed(message())["Message-ID"] == again


def test_sender_without_a_name_gets_the_publications(settings):
    settings.NEWSLETTER_FROM_EMAIL = "letters@reviews.example"

    assert parsed(message())["From"] == "Second Reel <letters@reviews.example>"


def test_parts_are_text_then_html_both_quoted_printable():
    text, html = parsed(message()).iter_parts()

    assert [part["Content-Type"] for part in (text, html)] == [
        'text/plain; charset="utf-8"',
        'text/html; charset="utf-8"',
    ]
    assert {part["Content-Transfer-Encoding"] for part in (text, html)} == {"quoted-printable"}


CYRILLIC = "Солдаты танцуют на солнце, и никто в партере их не видит. "


def test_letters_that_quoted_printable_makes_long_are_sent_in_base64():
    frame = Frame(content(item("Хорошая работа", opening=[CYRILLIC * 5], standfirst=CYRILLIC), name="Вторая катушка"))
    own = {"reasons": ["You follow Клер Дени & Co"], "links": LINKS}

    raw = frame.message(to="reader@home.example", identity=IDENTITY, delivery_id=42, **own)

    sent, preview = parsed(raw), frame.letter(**own)
    assert sent.get_body(("plain",))["Content-Transfer-Encoding"] == "base64"
    assert words(sent, "plain") == preview.text.rstrip()
    assert words(sent, "html") == preview.html.rstrip()
    assert "Клер Дени &amp; Co" in preview.html
    assert all(len(line) <= 76 for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))


@pytest.mark.parametrize(
    "alphabet", ["A dance company with nobody in the stalls. ", CYRILLIC, "観客のいないダンスカンパニー。"]
)
def test_mail_of_many_long_reviews_stays_under_a_hundred_kilobytes(alphabet):
    long = {"standfirst": (alphabet * 20)[:240], "film_line": (alphabet * 9)[:120], "byline": alphabet[:30]}
    still = {"url": "https://reviews.example/x.jpg", "width": 16, "height": 9, "alt": alphabet[:40], "credit": ""}
    items = [
        item((alphabet * 9)[:110] + str(n), opening=[], still=still | {"credit": f"{(alphabet * 5)[:100]}{n}"}, **long)
        for n in range(80)
    ]
    frame = Frame(content(*items, kind="weekly"))
    own = {"reasons": [f"You follow {alphabet[:40]}{n}" for n in range(60)], "links": LINKS}

    raw = frame.message(to="reader@home.example", identity=IDENTITY, delivery_id=42, **own)

    sent, preview = parsed(raw), frame.letter(**own)
    assert 80_000 < len(raw) < 100_000
    assert words(sent, "plain") == preview.text.rstrip()
    assert words(sent, "html") == preview.html.rstrip()
    assert "There is more than fits in a mail. All reviews:\nhttps://reviews.example/reviews/\n" in preview.text
    assert "and 50 more" in " ".join(preview.text.split())


def test_many_short_reviews_are_all_in_the_mail():
    frame = Frame(content(*[item(f"Film {n}", opening=[]) for n in range(30)], kind="weekly"))

    letter = frame.letter(links=LINKS)

    assert "Film 29: https://" in letter.text
    assert "more than fits" not in letter.text


def test_message_says_what_the_preview_says():
    frame = Frame(content(item(), item("Le Samouraï"), item("Late Spring"), kind="weekly"))
    own = {"items": [0, 2], "reasons": ["You follow Jean & Co"], "links": LINKS}

    preview = frame.letter(**own)
    sent = parsed(frame.message(to="reader@home.example", identity=IDENTITY, delivery_id=42, **own))

    assert sent["Subject"] == preview.subject == "Beau Travail, Late Spring"
    assert words(sent, "plain") == preview.text.rstrip()
    assert words(sent, "html") == preview.html.rstrip()
    assert "Jean &amp; Co" in preview.html


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co", "Zl", "Zp"]), max_size=200)


@effort(max_examples=25, deadline=None)
@example(title="", paragraph="", reason="¡¡¡𐀀𐀀𐀀", tail="")  # fills a line to its last sign
@given(title=WORDS, paragraph=WORDS, reason=WORDS, tail=st.text("abcdef0123456789-=", max_size=120))
def test_any_words_arrive_as_they_were_written(title, paragraph, reason, tail):
    frame = Frame(content(item(title, opening=[paragraph]), subject=title))
    own = {"reasons": [reason], "links": LINKS | {"letters": f"https://reviews.example/letters/{tail}"}}

    raw = frame.message(to="reader@home.example", identity=IDENTITY, delivery_id=42, **own)

    head, _empty, body = raw.partition(b"\r\n\r\n")
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    sent, preview = parsed(raw), frame.letter(**own)
    assert words(sent, "plain") == preview.text.rstrip()
    assert words(sent, "html") == preview.html.rstrip()
    assert " ".join(str(sent["Subject"]).split()) == " ".join(preview.subject.split())


# --- Nothing gets into the headers


EVIL = "x\r\nBcc: all@example.org\r\n\r\n<script>"


def test_line_breaks_in_a_snapshot_reach_no_header():
    snapshot = content(item(EVIL, standfirst=EVIL, byline=EVIL), subject=EVIL, name=EVIL)

    sent = parsed(message(snapshot, reasons=[EVIL], items=[0]))

    assert "Bcc" not in sent
    assert len(sent.items()) == 12
    assert [part.get_content_type() for part in sent.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize(
    "address", [EVIL, f"a@{EVIL}", "a@b\r\nBcc: c", "a b@c.example", "<a@b.example>", "a", "@b", ""]
)
def test_address_that_does_not_fit_a_header_is_refused(address):
    with pytest.raises(ValueError, match="address"):
        message(to=address)


@pytest.mark.parametrize("link", [EVIL, "https://x.example/>\r\nBcc: y", "https://x.example/> <mailto:y"])
def test_link_that_does_not_fit_a_header_is_refused(link):
    with pytest.raises(ValueError, match="link"):
        message(links=LINKS | {"leave": link})


# --- Addresses of the whole world


@pytest.mark.parametrize(
    ("address", "wire", "needs_smtputf8"),
    [
        ("reader+films@home.example", "reader+films@home.example", False),
        ("o'hara@home.example", "o'hara@home.example", False),
        ("leser@bücher.example", "leser@xn--bcher-kva.example", False),
        ("用户@例子.example", "用户@例子.example", True),
    ],
)
def test_address_as_it_is_handed_over(address, wire, needs_smtputf8):
    assert wire_form(address) == (wire, needs_smtputf8)
    assert re.search(f"^To: {re.escape(wire)}\r$", message(to=address).decode(), re.MULTILINE)


def test_domain_that_is_none_is_refused():
    with pytest.raises(UnicodeError):
        wire_form("reader@\u2028.example")
