"""The public pages in Chromium: no script, keyboard, narrow, dark, print, accessibility rules."""

import json
from collections import Counter
from pathlib import Path

import brotli
import pytest
from axe_playwright_python.sync_playwright import Axe

import reviews.demo
from films.models import Role
from reviews.models import Author, Page, Publication, Season, SeasonEntry
from tests.factories import (
    AuthorFactory,
    CapsuleFactory,
    CreditFactory,
    CriticQuoteFactory,
    FilmFactory,
    PersonFactory,
    ReviewFactory,
    StillFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/",
    "/reviews/",
    "/reviews/the-assassination/",
    "/films/",
    "/films/the-assassination-2007/",
    "/people/",
    "/people/jacques-audiard/",
    "/authors/",
    "/authors/otto-splice/",
    "/tags/sea/",
    "/about/",
    "/no-such-page/",
]


@pytest.fixture(autouse=True)
def publication(db):
    Publication(name="Second Reel", footer="A demo.", postal_address="1 Reel Street\nCelluloid").save()
    Page.objects.create(title="About", body="<p>We watch.</p><h2>How</h2><ul><li>Twice.</li></ul>")
    director = PersonFactory(name="Jacques Audiard", birth_year=1952, bio="<p>A director.</p>")
    author = AuthorFactory(name="Otto Splice", bio="<p>Invented.</p>", favourite_film_text="The Third Man")
    film = FilmFactory(
        title="The Assassination", original_title="生きる", original_language="ja", year=2007, directors=[director], countries=["JP"],
        aspect_ratio="2.39",
    )  # fmt: skip
    StillFactory(film=film)
    CreditFactory(film=film, role=Role.ACTOR, character="Jesse")
    CriticQuoteFactory(film=film)
    long_word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    long = FilmFactory(title=long_word, directors=[director])
    CapsuleFactory(film=long)
    season = Season.objects.create(title="Winter", is_public=True)
    for number, part in enumerate((film, long)):
        SeasonEntry.objects.create(season=season, film=part, position=number)
    ReviewFactory(
        film=FilmFactory(title="A Prophet", year=1931, directors=[director]),
        authors=[author],
        rating=4.5,
        tag_names=["sea"],
    )
    body = '<p>One<span data-footnote="A note.">*</span>.</p><h2>Two</h2><blockquote><p>Three.</p></blockquote><p>Four.</p>'
    ReviewFactory(
        film=film, authors=[author], rating=3, body=body, verdict="Good.", tag_names=["sea"], is_featured=True
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_pages_break_no_accessibility_rule_and_never_scroll_sideways(browser_page, width, scheme):
    browser_page.set_viewport_size({"width": width, "height": 800})
    browser_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for path in PAGES:
        browser_page.goto(path)
        found = Axe().run(browser_page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert not browser_page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
        if path == "/no-such-page/":
            browser_page.faults.clear()  # the console reports the 404 itself


def test_pages_are_whole_without_script(chromium, live_server):
    with chromium.new_context(base_url=live_server.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_role("link", name="Reviews", exact=True).click()
        page.get_by_role("link", name="The Assassination", exact=True).click()
        assert page.get_by_role("heading", level=1).inner_text() == "The Assassination"
        page.get_by_role("link", name="Note 1", exact=True).click()
        assert page.url.endswith("#note-1")


def test_keyboard_alone_leads_from_home_to_a_review(browser_page):
    browser_page.goto("/")
    browser_page.keyboard.press("Tab")
    assert browser_page.evaluate("document.activeElement.textContent") == "Skip to content"
    for _ in range(12):
        browser_page.keyboard.press("Tab")
        if browser_page.evaluate("document.activeElement.textContent") == "The Assassination":
            break
    assert browser_page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser_page.keyboard.press("Enter")
    browser_page.wait_for_url("**/reviews/the-assassination/")


def test_text_can_be_twice_as_large_on_a_phone(browser_page):
    browser_page.set_viewport_size({"width": 390, "height": 800})
    for path in PAGES[:-1]:
        browser_page.goto(path)
        browser_page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert not browser_page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"), path


def test_forced_colours_keep_ratings_readable(browser_page):
    browser_page.emulate_media(forced_colors="active")
    browser_page.goto("/reviews/the-assassination/")

    assert browser_page.locator(".byline .rating").inner_text().startswith("3/5")


def test_print_leaves_a_clean_sheet(browser_page):
    browser_page.emulate_media(media="print")
    browser_page.goto("/reviews/the-assassination/")

    assert browser_page.get_by_role("heading", level=1).is_visible()
    assert browser_page.locator(".credits").is_visible()
    assert not browser_page.locator(".masthead nav").is_visible()
    assert not browser_page.locator(".footer").is_visible()


def test_print_leaves_out_what_only_a_screen_needs(browser_page, names_with_macrons):
    browser_page.emulate_media(media="print")
    for path in (
        "/reviews/late-spring/",
        "/reviews/the-assassination/",
        "/films/late-spring-1949/",
        "/people/yasujiro-ozu/",
    ):
        browser_page.goto(path)
        absent = browser_page.locator(
            ".tc, .rows .frame, .more, .subscribe, .season-shelf, .seeing, .fav, .picture-credits, [role=doc-backlink]"
        )
        assert absent.count()
        assert [found.get_attribute("class") for found in absent.all() if found.is_visible()] == [], path


def test_large_first_letter_stands_beside_a_short_paragraph_alone(browser_page):
    browser_page.goto("/reviews/the-assassination/")  # its first paragraph is one word

    first = browser_page.locator(".view .prose > p").first

    assert first.evaluate("p => p.offsetHeight >= 3 * parseFloat(getComputedStyle(p).lineHeight) - 1")


MACRONS = ["/", "/reviews/", "/reviews/late-spring/", "/films/", "/films/late-spring-1949/", "/people/", "/people/yasujiro-ozu/",
           "/authors/otto-splice/", "/search/?q=ozu"]  # fmt: skip
HEADERS = 450  # bytes with a file


@pytest.fixture
def names_with_macrons(publication):
    """A review of the demo, as long as most, whose names need letters that few western pages have."""
    demo = Path(reviews.demo.__file__).parent
    bio = next(row["bio"] for row in json.loads((demo / "people.json").read_text()) if row["name"] == "Yasujirō Ozu")
    director = PersonFactory(name="Yasujirō Ozu", bio=bio)
    film = FilmFactory(title="Late Spring", original_title="Banshun", year=1949, directors=[director])
    CreditFactory(film=film, role=Role.ACTOR, person=PersonFactory(name="Chishū Ryū"), character="Shūkichi <Somiya>")
    body = (demo / "reviews" / "late-spring.html").read_text().partition("\n---\n")[2]
    author = Author.objects.get(name="Otto Splice")
    ReviewFactory(
        film=film, authors=[author], body=f"{body}<p><em>Ikiru, Kōfuku, Łódź</em> – <strong>Tōkyō</strong></p>"
    )


def test_nothing_moves_when_fonts_come_late(browser_page, names_with_macrons):
    browser_page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shift += entry.value })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    late = []
    browser_page.route("**/*.woff2", lambda route: late.append(route))
    for width, height in ((412, 823), (1280, 900)):
        browser_page.set_viewport_size({"width": width, "height": height})
        for path in MACRONS:
            browser_page.goto(path, wait_until="domcontentloaded")
            browser_page.evaluate("new Promise(painted => requestAnimationFrame(() => requestAnimationFrame(painted)))")
            assert late
            while late:
                late.pop().continue_()
            browser_page.wait_for_load_state("networkidle")
            assert browser_page.evaluate("document.fonts.ready.then(() => window.shift)") == 0, (path, width)


def test_page_with_styles_script_and_fonts_weighs_at_most_120_kilobytes(browser_page, names_with_macrons):
    for path in MACRONS:
        weight = weighed(browser_page, path)
        assert weight["Font"] > 60_000  # the faces came, or the test would say nothing
        assert weight["Script"] <= 10_000
        assert sum(weight.values()) <= 110_000, (path, weight)  # a long text adds ten


def weighed(page, path: str) -> dict[str, int]:
    """What comes over the wire, by kind. Styles and script count as WhiteNoise compresses them in production."""
    session, kinds, weight = page.context.new_cdp_session(page), {}, Counter()

    def count(event):
        request = event["requestId"]
        if kinds[request] in ("Document", "Font"):
            weight[kinds[request]] += event["encodedDataLength"]
        elif kinds[request] in ("Stylesheet", "Script"):
            body = session.send("Network.getResponseBody", {"requestId": request})["body"]
            weight[kinds[request]] += len(brotli.compress(body.encode())) + HEADERS

    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    session.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    session.on("Network.loadingFinished", count)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    session.detach()
    return weight
