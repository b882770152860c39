"""The panel and its form: what readers see who type an address."""

from datetime import timedelta
from html import unescape

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviews.models import Page, Publication
from subscriptions import opt_in
from subscriptions.addresses import fingerprint, likely_meant
from subscriptions.models import Follow, SignUp, Subscriber, Suppression
from tests.factories import (
    AuthorFactory,
    DraftFactory,
    FilmFactory,
    LeftSubscriberFactory,
    PersonFactory,
    ReviewFactory,
    SubscriberFactory,
)
from tests.subscriptions.pages import BROWSER, form_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("publication")]


@pytest.fixture
def reader():
    """Somebody with a browser. Forms are checked as on the real site."""
    return Client(enforce_csrf_checks=True, headers=BROWSER)


@pytest.fixture
def pages():
    """Pages with a panel, and what it offers to follow there."""
    director = PersonFactory(name="Claire Denis")
    review = ReviewFactory(
        film=FilmFactory(title="Beau Travail", directors=[director]),
        authors=[AuthorFactory(name="Mara Lind")],
        tag_names=["the sea"],
    )
    return {
        review.get_absolute_url(): None,
        "/people/claire-denis/": "person:claire-denis",
        "/authors/mara-lind/": "author:mara-lind",
        "/tags/the-sea/": "tag:the-sea",
    }


def test_panel_offers_what_the_page_is_about(reader, pages):
    for path, followed in pages.items():
        fields = form_of(reader.get(path))

        assert fields.get("follow") == followed
        assert fields["page"] == path


def test_panel_is_the_same_for_everybody_and_sets_no_cookie(reader, pages):
    for path in [*pages, "/subscribe/"]:
        first, second = reader.get(path), Client().get(path)

        assert (first.content, first.cookies) == (second.content, {})
        assert "public" in first.headers["Cache-Control"]
        assert b"csrf" not in first.content.lower()


def test_every_page_links_to_the_newsletter(reader):
    assert b'<a href="/subscribe/">Newsletter</a>' in reader.get("/").content


def test_signing_up_writes_one_row_and_sends_nothing_itself(reader):
    response = reader.post("/subscribe/", {"email": " Ada@Example.org ", "page": "/reviews/solaris/"})

    assert (response.status_code, response["Location"]) == (303, "/subscribe/sent/")
    signup = SignUp.objects.get()
    assert (signup.address, signup.key) == ("Ada@example.org", "ada@example.org")
    assert (signup.page, signup.follow, signup.network) == ("/reviews/solaris/", "", "127.0.0.1")
    assert (mail.outbox, Subscriber.objects.count()) == ([], 0)
    assert b"One more step" in reader.get("/subscribe/sent/").content


def test_sign_up_remembers_the_very_words_shown(reader):
    Publication.objects.update(name="Second Reel & Sons")
    page = reader.get("/subscribe/").content.decode()
    reader.post("/subscribe/", {"email": "ada@example.org"})
    shown = SignUp.objects.get().wording.text

    Publication.objects.update(name="Third Reel")
    reader.post("/subscribe/", {"email": "eve@example.org"})

    assert shown in unescape(page)
    assert "Second Reel & Sons" in shown
    assert "Third Reel" in SignUp.objects.get(key="eve@example.org").wording.text


def test_follow_from_the_panel_is_kept_until_confirmed(reader, pages):
    fields = form_of(reader.get("/people/claire-denis/")) | {"email": "ada@example.org"}

    reader.post("/subscribe/", fields)

    assert SignUp.objects.get().follow == "person:claire-denis"
    assert Follow.objects.count() == 0


@pytest.mark.parametrize(
    "follow", ["person:nobody", "x", "tag:", "person:" + "a" * 10_000, "decade:1975", "country:XX"]
)
def test_what_does_not_exist_is_not_followed(reader, follow):
    response = reader.post("/subscribe/", {"email": "ada@example.org", "follow": follow})

    assert response.status_code == 303
    assert SignUp.objects.get().follow == ""


def test_tag_of_a_draft_cannot_be_told_from_none(reader):
    DraftFactory(tag_names=["secret"])

    assert b"secret" not in reader.get("/subscribe/?follow=tag:secret").content


FAULTS = {
    "": "Type your email address",
    "ada": "no @ sign",
    "ada@example": "period",
    "ada@example.org, eve@example.org": "One address at a time",
    "ada@example.org\r\nBcc: eve@example.org": "one line",
    '"a b"@example.org': "quoting",
    "Ada <ada@example.org>": "angle brackets",
    "<script>alert(1)</script>@example.org": "look like an email address",
    "' OR 1=1 --@example.org": "look like an email address",
    "a" * 65 + "@example.org": "too long",
    "a" * 308 + "@example.org": "too long",
    "a" * 10_000 + "@example.org": "too long",
    "ada@\ufffd.org": "look like an email address",
    "jürgen@example.org": "plain letters",
}


@pytest.mark.parametrize(("typed", "said"), FAULTS.items(), ids=lambda text: text[:30])
def test_fault_in_the_address_is_said_and_what_was_typed_is_kept(reader, typed, said):
    response = reader.post("/subscribe/", {"email": typed, "page": "/reviews/solaris/"})

    page = BeautifulSoup(response.content, "html.parser")
    field = page.find("input", attrs={"name": "email"})
    assert response.status_code == 422
    assert said in page.find(id="s-err").text
    assert field["value"].split() == typed[:321].split()
    assert (field["aria-invalid"], field["aria-describedby"].split()[0]) == ("true", "s-err")
    assert field.has_attr("autofocus")
    assert form_of(response)["page"] == "/reviews/solaris/"
    assert "no-store" in response["Cache-Control"]
    assert SignUp.objects.count() == 0


@pytest.mark.parametrize(
    "address", ["a+films@example.org", "o'hara@example.org", "ada@bücher.example.org", "ADA@EXAMPLE.ORG"]
)
def test_unusual_addresses_are_taken(reader, address):
    assert reader.post("/subscribe/", {"email": address}).status_code == 303
    assert SignUp.objects.get().address.lower() == address.lower()


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"email=a%ED%A0%80@example.org", "application/x-www-form-urlencoded"), (b"email=a%00@example.org", "application/x-www-form-urlencoded"), (b"\xff\xfe", "application/json"), (b"--x", "multipart/form-data; boundary=x")],
    ids=["surrogate", "null byte", "not a form", "cut off"],
)  # fmt: skip
def test_broken_posts_change_nothing(reader, body, kind):
    response = reader.post("/subscribe/", body, content_type=kind)

    assert response.status_code in (400, 422)
    assert SignUp.objects.count() == 0


@pytest.mark.parametrize("page", ["https://evil.example/", "/x\r\nSet-Cookie: a", "/" + "x" * 10_000, "x"])
def test_page_that_is_none_is_not_noted(reader, page):
    reader.post("/subscribe/", {"email": "ada@example.org", "page": page})

    assert SignUp.objects.get().page == ""


def test_likely_slip_is_asked_about_with_both_choices(reader):
    response = reader.post(
        "/subscribe/", {"email": "ada@gmial.com", "page": "/reviews/solaris/", "follow": "country:FR"}
    )

    page = BeautifulSoup(response.content, "html.parser")
    offered = [button["value"] for button in page.find_all("button", attrs={"name": "email"})]
    assert offered == ["ada@gmail.com", "ada@gmial.com"]
    assert SignUp.objects.count() == 0
    for address in offered:
        assert reader.post("/subscribe/", form_of(response) | {"email": address}).status_code == 303
    assert list(SignUp.objects.order_by("pk").values_list("address", "page", "follow")) == [
        ("ada@gmail.com", "/reviews/solaris/", "country:FR"),
        ("ada@gmial.com", "/reviews/solaris/", "country:FR"),
    ]


def test_form_links_to_the_privacy_page_but_consent_is_to_the_wording_alone(reader):
    assert b"/privacy/" not in reader.get("/subscribe/").content.partition(b"<footer")[0]
    Page.objects.create(slug="privacy", title="Your data")

    form = BeautifulSoup(reader.get("/subscribe/").content, "html.parser").find("form", action="/subscribe/")

    [link] = form.find_all("a")
    assert (link["href"], link.text) == ("/privacy/", "Your data")
    assert link.find_parent(id="s-n") is None
    assert opt_in.wording() == " ".join(form.find(id="s-n").text.split())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmx.ed", "gmx.de"),
        ("web.ed", "web.de"),
        ("gmial.co.uk", "gmail.com"),
        ("hotmial.co.uk", "hotmail.co.uk"),
        ("protonmail.ch", None),
        ("fastmail.fm", None),
        ("gmx.de", None),
        ("second-reel.example", None),
    ],
)
def test_slips_are_known_by_the_frequent_domain_they_are_near_to(typed, meant):
    assert likely_meant(f"Ada@{typed}") == (meant and f"Ada@{meant}")


# --- The second step

ODD = {
    "honeypot filled": ({}, {"homepage": "https://spam.example"}),
    "no browser": ({"User-Agent": "", "Accept-Language": ""}, {}),
    "form of another site": ({"Sec-Fetch-Site": "cross-site"}, {}),
}


@pytest.mark.parametrize(("headers", "data"), ODD.values(), ids=ODD)
def test_odd_sender_is_asked_to_press_once_more(reader, headers, data):
    with time_machine.travel("2026-11-22 12:00Z", tick=False) as clock:
        first = reader.post("/subscribe/", {"email": "ada@example.org", "page": "/x/"} | data, headers=headers)
        assert first.status_code == 200
        assert SignUp.objects.count() == 0

        clock.shift(5)
        again = form_of(first)
        assert again["email"] == "ada@example.org"
        assert reader.post("/subscribe/", again, headers=headers).status_code == 303
    assert SignUp.objects.get().page == "/x/"


@pytest.mark.parametrize(("seconds", "other"), [(0, {}), (1, {}), (3601, {}), (5, {"email": "eve@example.org"}), (5, {"step": "x:y"}), (5, {"step": "\x00" * 5000})])  # fmt: skip
def test_second_step_in_no_time_too_late_or_for_another_address_is_shown_again(reader, seconds, other):
    odd = {"Sec-Fetch-Site": "cross-site"}
    with time_machine.travel("2026-11-22 12:00Z", tick=False) as clock:
        fields = form_of(reader.post("/subscribe/", {"email": "ada@example.org"}, headers=odd)) | other
        clock.shift(seconds)
        response = reader.post("/subscribe/", fields, headers=odd)

    assert response.status_code in (200, 422)
    assert SignUp.objects.count() == 0


@pytest.mark.parametrize(
    ("headers", "is_odd"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Origin": "http://testserver"}, False),
        ({"Origin": "https://evil.example"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://["}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, False),
        ({}, False),
    ],
)
def test_where_a_form_was_sent_from_is_judged_by_what_browsers_say(headers, is_odd):
    browser = {name: value for name, value in BROWSER.items() if name != "Sec-Fetch-Site"}

    response = Client(headers=browser).post("/subscribe/", {"email": "ada@example.org"}, headers=headers)

    assert response.status_code == (200 if is_odd else 303)


# --- Nobody can find out who subscribes


def circumstances():
    """An address of every kind that we can know something of."""
    opt_in.ask(opt_in.Asked("pending@example.org"), now=timezone.now() - timedelta(hours=1))
    SubscriberFactory(address="confirmed@example.org")
    LeftSubscriberFactory(address="left@example.org")
    Suppression.objects.create(fingerprint=fingerprint("suppressed@example.org"), why="bounced", since=timezone.now())
    return [
        "new@example.org",
        "pending@example.org",
        "confirmed@example.org",
        "left@example.org",
        "suppressed@example.org",
    ]


def test_answer_and_work_are_the_same_whosever_address_it_is(reader, django_capture_on_commit_callbacks):
    opt_in.ask(opt_in.Asked("first@example.org"))  # the sentence agreed to is written down once
    answers, work, nudges = set(), set(), set()

    for address in circumstances():
        cache.clear()
        with CaptureQueriesContext(connection) as queries, django_capture_on_commit_callbacks() as nudged:
            response = reader.post("/subscribe/", {"email": address})
        answers.add((response.status_code, response.content, tuple(sorted(response.items()))))
        work.add(tuple(query["sql"].split(" ")[0] for query in queries))
        nudges.add(len(nudged))

    assert (len(answers), len(work), nudges) == (1, 1, {1})
    assert mail.outbox == []


def test_flood_of_forms_is_no_flood_of_tasks(reader, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr("subscriptions.tasks.SWEEP_SECONDS", 600)  # however slow the machine
    with django_capture_on_commit_callbacks() as nudges:
        for number in range(4):
            reader.post("/subscribe/", {"email": f"a{number}@example.org"})

    assert SignUp.objects.count() == 4
    assert len(nudges) == 1


def test_cache_that_is_away_keeps_nobody_from_signing_up(reader, monkeypatch):
    def away(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr("subscriptions.tasks.cache.add", away)

    assert reader.post("/subscribe/", {"email": "ada@example.org"}).status_code == 303
