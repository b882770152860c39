"""The search box in Chromium: suggestions by keyboard, and a form without script."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings

from reviews.models import Publication
from tests.factories import FilmFactory, PersonFactory, ReviewFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def publication(db):
    Publication(name="Second Reel").save()
    director = PersonFactory(name="Andrei Tarkovsky", birth_year=1932)
    ReviewFactory(film=FilmFactory(title="Solaris", year=1972, directors=[director]), headline="Solaris, again")
    FilmFactory(title="Solo", year=1999)


def active(page):
    """The option that the box says is active, as assistive technology hears it."""
    return page.evaluate(
        "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.textContent"
    )


def test_suggestions_are_chosen_by_keyboard(browser_page):
    browser_page.goto("/")
    box = browser_page.get_by_role("combobox")

    box.press_sequentially("sol")
    browser_page.get_by_role("option").first.wait_for()
    assert box.get_attribute("aria-expanded") == "true"
    names = browser_page.get_by_role("option").all_inner_texts()
    assert "Solo Film, 1999" in names
    box.press("ArrowUp")
    assert active(browser_page) == names[-1]
    box.press("ArrowDown")
    assert active(browser_page) is None
    for _ in range(names.index("Solo Film, 1999") + 1):
        box.press("ArrowDown")
    assert active(browser_page) == "Solo Film, 1999"
    assert browser_page.locator("[role=option][aria-selected=true]").inner_text() == "Solo Film, 1999"
    assert Axe().run(browser_page).violations_count == 0
    box.press("Enter")

    browser_page.wait_for_url("**/films/solo-1999/")


def test_escape_closes_the_list_and_keeps_what_was_typed(browser_page):
    browser_page.goto("/")
    box = browser_page.get_by_role("combobox")
    box.press_sequentially("sol")
    browser_page.get_by_role("option").first.wait_for()

    box.press("Escape")

    assert browser_page.get_by_role("option").count() == 0
    assert box.input_value() == "sol"
    assert box.get_attribute("aria-expanded") == "false"
    box.press("Enter")
    browser_page.wait_for_url("**/search/?q=sol")


def test_list_stays_while_newer_suggestions_are_asked_for(browser_page):
    browser_page.goto("/")
    box = browser_page.get_by_role("combobox")
    box.press_sequentially("so")
    browser_page.get_by_role("option").first.wait_for()
    browser_page.route("**/search/suggest*", lambda held: None)
    with browser_page.expect_request("**/search/suggest*q=sol"):
        box.press("l")

    with browser_page.expect_event("requestfailed"):
        box.press("a")

    assert box.get_attribute("aria-expanded") == "true"
    box.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    assert box.input_value() == "sola"


def test_suggestion_can_be_clicked(browser_page):
    browser_page.goto("/search/")
    browser_page.get_by_role("combobox").press_sequentially("tark")

    browser_page.get_by_role("option", name="Andrei Tarkovsky Person, born 1932").click()

    browser_page.wait_for_url("**/people/andrei-tarkovsky/")


def test_search_works_without_script(chromium, live_server):
    with chromium.new_context(base_url=live_server.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_role("searchbox").fill("tarkosvky")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="Andrei Tarkovsky").click()

        assert page.get_by_role("heading", level=1).inner_text() == "Andrei Tarkovsky"


def test_small_screens_have_a_link_to_the_search(browser_page):
    browser_page.set_viewport_size({"width": 390, "height": 800})
    browser_page.goto("/")

    browser_page.get_by_role("navigation", name="Main").get_by_role("link", name="Search").click()

    browser_page.wait_for_url("**/search/")
    assert browser_page.get_by_role("combobox").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_search_pages_break_no_accessibility_rule_and_never_scroll_sideways(browser_page, width, scheme):
    browser_page.set_viewport_size({"width": width, "height": 800})
    browser_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    long_word = "x" * 180
    for path in (
        "/search/",
        "/search/?q=solaris",
        "/search/?q=tarkosvky",
        f"/search/?q={long_word}",
        "/search/?q=sol&in=films",
    ):
        browser_page.goto(path)
        found = Axe().run(browser_page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert not browser_page.evaluate("document.documentElement.scrollWidth > innerWidth"), path


def test_script_is_small():
    assert len((Path(settings.BASE_DIR) / "static/js/suggest.js").read_bytes()) < 3 * 1024
