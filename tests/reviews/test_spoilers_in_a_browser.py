"""Spoilers, jump links and the printed sheet in Chromium, without script."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from reviews.models import Publication
from tests.factories import FilmFactory, ReviewFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BODY = (
    '<p>As in <span data-spoiler="the end of Vertigo">a bell tower<span data-footnote="A nun.">*</span></span>.</p>'
    '<h2>On the heap</h2><div data-spoiler=""><p>She <a href="/films/">dies</a>.</p></div>'
    + "<p>And it goes on at length.</p>" * 40
    + '<h2>Afterwards</h2><p>Quiet <a href="/people/">people</a>.</p>'
)


@pytest.fixture
def review(transactional_db):
    Publication(name="Second Reel").save()
    return ReviewFactory(film=FilmFactory(title="Wanda"), body=BODY, rating=4)


@pytest.fixture
def reader(chromium, live_server, review):
    """Opens the review for a reader without script; takes what Playwright knows of a reader's settings."""
    contexts = []

    def opened(**settings):
        contexts.append(chromium.new_context(base_url=live_server.url, java_script_enabled=False, **settings))
        page = contexts[-1].new_page()
        page.goto(review.get_absolute_url())
        return page

    yield opened
    for context in contexts:
        context.close()


def test_spoiler_opens_and_closes_by_keyboard(reader):
    page = reader()
    summary, words = page.get_by_text("Spoiler: the end of Vertigo").first, page.get_by_text("a bell tower")

    expect(words).to_be_hidden()
    summary.press("Enter")
    expect(words).to_be_visible()
    summary.press("Space")
    expect(words).to_be_hidden()


def test_screen_reader_hears_the_name_of_a_closed_spoiler_and_none_of_its_words(reader):
    page = reader()

    heard = page.locator(".view").aria_snapshot()
    assert "Spoiler: the end of Vertigo" in heard
    assert "Spoiler for Wanda" in heard
    assert not [word for word in ("bell tower", "dies", "nun") if word in heard]

    page.get_by_text("Spoiler for Wanda").click()
    assert "dies" in page.locator(".view").aria_snapshot()


def test_tab_passes_over_what_is_closed(reader):
    page = reader()

    page.get_by_text("Spoiler for Wanda").focus()
    page.keyboard.press("Tab")

    expect(page.locator(":focus")).to_have_text("people")


def test_words_open_within_their_line(reader):
    page = reader()
    summary = page.get_by_text("Spoiler: the end of Vertigo").first

    summary.click()

    line, words = summary.bounding_box(), page.get_by_text("a bell tower").bounding_box()
    assert words["y"] < line["y"] + line["height"]


@pytest.mark.parametrize(
    "colours", [{"color_scheme": "dark"}, {"forced_colors": "active"}, {"viewport": {"width": 320, "height": 800}}]
)
def test_page_with_spoilers_fits_and_can_be_pressed(reader, colours):
    page = reader(**colours)

    for summary in page.locator("details > summary:visible").all():
        assert summary.bounding_box()["height"] >= 24
        summary.click()
    for rating in page.locator("a.rating:visible").all():
        assert rating.bounding_box()["height"] >= 24
    main = page.locator("main").bounding_box()
    assert main["width"] <= page.viewport_size["width"]
    assert page.get_by_text("dies").bounding_box()["x"] < page.viewport_size["width"]


def test_jump_link_leads_keyboard_and_eye_to_its_heading(reader):
    page = reader()

    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Afterwards").press("Enter")
    expect(page.get_by_role("heading", name="Afterwards")).to_be_in_viewport()
    page.keyboard.press("Tab")

    expect(page.locator(":focus")).to_have_text("people")


def test_jump_links_take_one_line_on_a_phone(reader):
    page = reader(viewport={"width": 390, "height": 800})
    closed = page.get_by_text("On this page").first

    assert closed.bounding_box()["height"] < 60
    expect(page.get_by_role("link", name="Afterwards")).to_be_hidden()
    closed.click()
    expect(page.get_by_role("link", name="Afterwards")).to_be_visible()


def test_printed_sheet_gives_nothing_away_unless_opened(reader):
    page = reader()
    page.emulate_media(media="print")

    expect(page.get_by_text("Spoiler for Wanda")).to_be_visible()
    expect(page.get_by_text("dies")).to_be_hidden()
    expect(page.get_by_text("/reviews/wanda/")).to_be_visible()
    for gone in (".jumps.wide", ".jumps.narrow", ".footer", ".masthead nav", ".crumbs"):
        expect(page.locator(gone)).to_be_hidden()

    page.get_by_text("Spoiler for Wanda").click()
    expect(page.get_by_text("dies")).to_be_visible()


def test_page_breaks_no_rule_of_access_closed_or_open(browser_page, review):
    for address in (review.get_absolute_url(), "/ratings/"):
        browser_page.goto(address)
        for step in range(2):
            broken = Axe().run(browser_page).response["violations"]
            assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in broken] == [], (address, step)
            for summary in browser_page.locator("summary:visible").all():
                summary.click()
