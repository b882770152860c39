"""The doors in Chromium: from the panel of a page to the mail, to a page of one's own, out and back in."""

import re
from email import policy
from email.parser import BytesParser

import pytest
from axe_playwright_python.sync_playwright import Axe

from reviews.models import Publication
from reviews.search.index import freshen
from subscriptions import opt_in
from subscriptions.models import Subscriber
from tests.factories import (
    AuthorFactory,
    FilmFactory,
    LeftSubscriberFactory,
    PersonFactory,
    ReviewFactory,
    SignUpFactory,
    SubscriberFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def publication(db):
    Publication(name="Second Reel").save()
    director = PersonFactory(name="Claire Denis")
    author = AuthorFactory(name="Mara Lind")
    ReviewFactory(film=FilmFactory(title="Beau Travail", directors=[director]), authors=[author], tag_names=["the sea"])
    PersonFactory(name="Agnès Varda")
    freshen()


@pytest.fixture
def outbox(settings, live_server):
    """Mail lands in files, as on a demo site, with links to the server under test. Gives a function that reads the
    newest mail: its recipient and its links to our own pages."""
    settings.SITE_URL = live_server.url
    options = {"BACKEND": "config.mail.OutboxBackend", "OPTIONS": {"file_path": str(settings.OUTBOX)}}
    settings.MAILERS = {"default": options, "newsletter": options}

    def newest():
        opt_in.write_due()
        newest = max(settings.OUTBOX.glob("*.eml"))
        message = BytesParser(policy=policy.default).parsebytes(newest.read_bytes())
        text = message.get_body(("plain",)).get_content()
        return message["To"], re.findall(rf"{re.escape(live_server.url)}(/[^\s<>)]+)", text)

    return newest


def link(links, part):
    return next(path for path in links if part in path)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_reader_signs_up_confirms_chooses_leaves_and_comes_back(chromium, live_server, outbox, script):
    with chromium.new_context(base_url=live_server.url, java_script_enabled=script) as context:
        page = context.new_page()
        page.goto("/people/claire-denis/")
        assert page.get_by_label("Only reviews of films Claire Denis had a part in").is_checked()
        assert not page.get_by_label("Leave this empty").is_visible()
        page.get_by_label("Email address").fill("ada@example.org")
        page.get_by_role("button", name="Subscribe").click()
        assert page.get_by_role("heading", level=1).inner_text() == "One more step"

        to, links = outbox()
        assert to == "ada@example.org"
        page.goto(link(links, "/subscribe/confirm/"))
        assert Subscriber.objects.count() == 0
        page.get_by_role("button", name="Yes, subscribe me").click()
        assert page.get_by_role("status").first.inner_text().startswith("You are subscribed")
        assert page.get_by_role("button", name="Remove Claire Denis").is_visible()

        page.get_by_label("Once a week").check()
        page.get_by_label("Day of the weekly letter").select_option("Sunday")
        page.get_by_role("button", name="Save").click()
        page.get_by_label("Add a person, writer").fill("varda")
        page.get_by_role("search", name="What to follow").get_by_role("button", name="Search").click()
        page.get_by_role("button", name="Follow Agnès Varda").click()
        page.get_by_role("button", name="Remove Claire Denis").click()
        page.get_by_role("button", name="4 weeks").click()
        page.get_by_role("button", name="Go on now").click()
        subscriber = Subscriber.objects.get()
        assert (subscriber.rhythm, subscriber.day, subscriber.only_followed) == ("weekly", 6, True)
        assert [follow.person.name for follow in subscriber.follows.all()] == ["Agnès Varda"]
        assert subscriber.is_receiving

        to, links = outbox()
        page.goto(link(links, "/letters/leave/"))
        page.get_by_role("button", name="Stop the letters").click()
        assert page.get_by_role("heading", level=1).inner_text() == "You have left"
        assert Subscriber.objects.get().state == "left"
        page.get_by_role("button", name="Undo: send me letters").click()
        assert Subscriber.objects.get().state == "confirmed"
        assert context.cookies() == []


def test_slip_is_asked_about_and_a_fault_has_the_focus(browser_page):
    browser_page.goto("/subscribe/")
    field = browser_page.get_by_label("Email address")
    field.fill("ada@example")
    field.press("Enter")

    assert field.input_value() == "ada@example"
    assert browser_page.evaluate("document.activeElement.id") == "s-e"
    assert Axe().run(browser_page).violations_count == 0
    browser_page.faults.clear()  # the console notes the status 422

    field.fill("ada@gmial.com")
    field.press("Enter")
    assert Axe().run(browser_page).violations_count == 0
    browser_page.get_by_role("button", name="Yes, use ada@gmail.com").click()

    browser_page.wait_for_url("**/subscribe/sent/")


def test_robot_that_opens_every_link_of_every_mail_changes_nothing(browser_page, outbox):
    SignUpFactory(address="new@example.org")
    subscriber = SubscriberFactory()
    _to, links = outbox()
    links += [f"/letters/{subscriber.token('letters')}/", f"/letters/leave/{subscriber.token('leave')}/"]

    for path in links * 2:
        browser_page.goto(path, wait_until="networkidle")

    assert Subscriber.objects.get().state == "confirmed"
    assert any("confirm" in path for path in links)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_pages_break_no_accessibility_rule_and_never_scroll_sideways(browser_page, width, scheme):
    browser_page.set_viewport_size({"width": width, "height": 800})
    browser_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    subscriber = SubscriberFactory(address=f"{'long' * 12}@{'example' * 6}.org")
    left, signup, used = LeftSubscriberFactory(), SignUpFactory(follow="person:claire-denis"), SignUpFactory(used_at="2026-11-22T12:00Z")  # fmt: skip
    own = f"/letters/{subscriber.token('letters')}/"
    for path in (
        "/reviews/beau-travail/",
        "/people/claire-denis/",
        "/authors/mara-lind/",
        "/tags/the-sea/",
        "/subscribe/",
        "/subscribe/?follow=country:FR",
        "/subscribe/sent/",
        f"/subscribe/confirm/{signup.token}/",
        f"/subscribe/confirm/{used.token}/",
        own,
        f"{own}?done=welcome&q=varda&follow=person:claire-denis",
        f"{own}erase/",
        f"/letters/leave/{subscriber.token('leave')}/",
        f"/letters/leave/{left.token('leave')}/",
        f"/letters/{left.token('letters')}/",
        "/letters/1-x/",
    ):
        browser_page.goto(path)
        found = Axe().run(browser_page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert not browser_page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
        small = browser_page.evaluate(
            "[...document.querySelectorAll('main .subscribe :is(button, input:not([type=hidden])), main .fields :is(button, input:not([type=hidden]))')]"
            ".filter(e => e.checkVisibility()).map(e => (e.closest('label') || e).getBoundingClientRect()).filter(b => b.height < 24 || b.width < 24).length"
        )
        assert small == 0, path
    browser_page.faults.clear()  # the console notes 404 and 410
