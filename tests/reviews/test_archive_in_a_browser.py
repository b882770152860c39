"""The archives in Chromium: filters by keyboard without script, narrow screens, accessibility rules."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from films.models import Genre
from reviews.models import Publication
from tests.factories import FilmFactory, PersonFactory, ReviewFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/reviews/",
    "/reviews/?country=fr&genre=drama",
    "/reviews/?decade=1970s&country=jp&genre=war",
    "/reviews/?choose=country",
    "/films/?letter=c",
    "/people/?role=director",
    "/archive/",
]


@pytest.fixture(autouse=True)
def shelf(db):
    Publication(name="Second Reel").save()
    drama, war = Genre.objects.create(name="Drama"), Genre.objects.create(name="War")
    for title, year, country, genre in (
        ("Cléo", 1962, "FR", drama),
        ("Lancelot", 1974, "FR", drama),
        ("Ran", 1985, "JP", war),
    ):
        film = FilmFactory(title=title, year=year, countries=[country], directors=[PersonFactory()])
        film.genres.add(genre)
        ReviewFactory(film=film, rating=4, tag_names=["memory"])


def test_filters_are_chosen_and_taken_back_by_keyboard_without_script(chromium, live_server):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/reviews/")

    page.get_by_label("Country").focus()
    page.keyboard.press("ArrowDown")
    for _field in range(6):  # genre, writer, theme, rating, order, button
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/?country=fr")

    assert page.locator("h1").inner_text() == "Reviews of French films"
    assert page.locator(".rows h3").all_inner_texts() == ["Lancelot", "Cléo"]
    page.get_by_role("link", name="1970s").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/?decade=1970s&country=fr")
    assert page.locator(".rows h3").all_inner_texts() == ["Lancelot"]
    page.get_by_role("link", name="Remove filter, Country: France").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/?decade=1970s")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_page_breaks_no_rule_of_accessibility_and_fits_narrow_screens(browser_page, path, scheme):
    browser_page.emulate_media(color_scheme=scheme)
    browser_page.set_viewport_size({"width": 320, "height": 800})

    browser_page.goto(path)

    assert Axe().run(browser_page).response["violations"] == []
    assert browser_page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("path", ["/reviews/", "/films/", "/people/", "/archive/"])
def test_links_and_fields_are_large_enough_for_a_thumb(browser_page, path):
    browser_page.set_viewport_size({"width": 390, "height": 800})
    browser_page.goto(path)

    small = browser_page.eval_on_selector_all(
        ".decades a, .alphabet a, .filters select, .filters button, .chips a, .longer a",
        "all => all.filter(one => Math.min(one.offsetHeight, one.offsetWidth) < 24).map(one => one.outerHTML)",
    )
    assert small == []
