"""The editors' work as it is done: in Chromium, under the strict Content-Security-Policy, without one console error
(the `browser_page` fixture fails a test for any)."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from films.models import Film, Still
from reviews.models import CriticQuote, Publication, Review, State
from tests.admin.conftest import PASSWORD, make_review
from tests.factories import (
    AuthorFactory,
    CapsuleFactory,
    CreditFactory,
    CriticQuoteFactory,
    FilmFactory,
    PersonFactory,
    StillFactory,
    picture_file,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def film(transactional_db):
    director = PersonFactory(name="Barbara Loden", birth_year=1932, death_year=1980)
    return FilmFactory(title="Wanda", year=1970, synopsis="A woman leaves.", directors=[director])


@pytest.fixture
def desk(browser_page, transactional_db, editor):
    """A browser with an editor signed in, who writes as Vera."""
    Publication.objects.get_or_create(pk=1)
    AuthorFactory(name="Vera Halation", user=editor)
    browser_page.goto("/admin/")
    browser_page.get_by_label("Username").fill("editor")
    browser_page.get_by_label("Password").fill(PASSWORD)
    browser_page.get_by_role("button", name="Log in").click()
    expect(browser_page.get_by_role("heading", name="The desk")).to_be_visible()
    return browser_page


def choose(page, field: str, typed: str, label: str) -> None:
    """Choose from an autocomplete, by keyboard."""
    page.locator(f"#id_{field} + .select2").click()
    page.locator(".select2-search__field").last.fill(typed)
    page.get_by_role("option", name=label).click()


def body_of(page):
    """The review's text, once the editor has taken the place of the text area."""
    page.locator(".field-body .prose-menubar").wait_for()
    return page.get_by_role("textbox", name="Our view")


def editor_follows(page, condition: str, arg: str = "") -> None:
    """Wait until the editor knows what the browser has selected, which is a moment later: `condition` is JavaScript on
    its `state` and on `arg`."""
    state = 'const { state } = document.querySelector(".field-body .ProseMirror").editor'
    page.wait_for_function(f"arg => {{ {state}; return {condition} }}", arg=arg)


def to_the_end(page) -> None:
    """Put the cursor behind the last letter of the text."""
    body_of(page).click()
    page.keyboard.press("Control+End")
    editor_follows(page, "state.doc.textBetween(state.selection.from, state.doc.content.size) === arg")


def select_back_over(page, words: str) -> None:
    """Select by keyboard what stands before the cursor. A press that meets the editor at work may go unheard."""
    for _ in range(3 * len(words)):
        if page.evaluate("getSelection().toString()") == words:
            break
        page.keyboard.press("Shift+ArrowLeft")
    editor_follows(page, "state.doc.textBetween(state.selection.from, state.selection.to) === arg", words)


def press_save(page, name="Save and continue editing") -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_load_state("networkidle")


def test_the_main_job(desk, film, tmp_path):
    """Sign in, add a picture to a film, review it with a quote, preview, publish, and read it as a visitor."""
    still = tmp_path / "still.jpg"
    still.write_bytes(picture_file(1200, 800).read())

    desk.goto(reverse("admin:films_film_change", args=[film.pk]))
    desk.locator("#id_stills-0-image").set_input_files(still)
    desk.locator("#id_stills-0-alt").fill("A woman alone on a slag heap")
    desk.locator("#id_stills-0-credit").fill("Drawn for the tests")
    press_save(desk)
    desk.get_by_role("link", name="Write a review").click()

    expect(desk.locator("#id_bylines-0-author + .select2")).to_contain_text("Vera Halation")
    expect(desk.locator("#id_film + .select2")).to_contain_text("Wanda (1970)")
    desk.get_by_label("Standfirst").fill("A film that looks at a woman nobody looks at.")
    desk.get_by_label("Quote", exact=True).first.fill("“A quiet wonder”")
    desk.get_by_label("Publication").first.fill("The Sample Gazette")
    body_of(desk).click()
    desk.keyboard.type("She walks across the slag heap in white.")
    press_save(desk)
    expect(desk.locator(".save-state")).to_contain_text("Draft. Saved")

    desk.get_by_role("link", name="View on site").click()
    expect(desk.get_by_text("Preview: draft.")).to_be_visible()
    expect(desk.get_by_text("She walks across the slag heap in white.")).to_be_visible()
    expect(desk.get_by_text("A quiet wonder")).to_be_visible()
    preview = desk.url
    desk.get_by_role("link", name="Back to the editor").click()

    desk.get_by_label("State").select_option("Published")
    press_save(desk)
    expect(desk.locator(".messagelist")).to_contain_text("Readers see it at /reviews/wanda/.")

    visitor = desk.context.browser.new_context(base_url=desk.url.split("/admin")[0]).new_page()
    assert "/admin/login/" in visitor.goto(preview).url
    visitor.goto("/reviews/wanda/")
    for words in ("She walks across the slag heap in white.", "A quiet wonder", "A film that looks at a woman"):
        expect(visitor.get_by_text(words).first).to_be_visible()
    expect(visitor.get_by_alt_text("A woman alone on a slag heap").first).to_be_visible()
    for place in ("/", f"/films/{film.slug}/", "/people/barbara-loden/", "/authors/vera-halation/"):
        assert visitor.goto(place).status == 200
        expect(visitor.locator("a[href='/reviews/wanda/']").first).to_be_visible()
    visitor.context.close()


def test_spaces_stay_plain_spaces(desk, film):
    desk.goto(f"{reverse('admin:reviews_review_add')}?film={film.pk}")
    body_of(desk).click()
    desk.keyboard.type("a b c")
    press_save(desk)

    assert Review.objects.get().body == "<p>a b c</p>"


def test_a_footnote_is_written_read_and_changed(desk, film, editor):
    review = make_review(film, editor.author, body="<p>She walks.</p>")
    desk.goto(reverse("admin:reviews_review_change", args=[review.pk]))

    to_the_end(desk)
    desk.get_by_role("button", name="Footnote", exact=True).click()
    expect(desk.get_by_role("dialog", name="Footnote")).to_be_visible()
    desk.get_by_label("Text of the footnote").fill('As in "Alice", <b>1974</b>')
    desk.get_by_role("button", name="Insert", exact=True).click()
    press_save(desk)
    review.refresh_from_db()
    assert review.body == (
        '<p>She walks.<span data-footnote="As in &quot;Alice&quot;, &lt;b&gt;1974&lt;/b&gt;">*</span></p>'
    )

    desk.get_by_role("button", name='Footnote: As in "Alice", <b>1974</b>. Edit').click()
    desk.get_by_label("Text of the footnote").fill("As in Alice")
    desk.get_by_role("button", name="Update").click()
    press_save(desk)
    review.refresh_from_db()
    assert review.body == '<p>She walks.<span data-footnote="As in Alice">*</span></p>'

    desk.get_by_role("button", name="Footnote: As in Alice. Edit").click()
    desk.get_by_label("Text of the footnote").fill("")
    desk.get_by_role("button", name="Update").click()
    press_save(desk)
    review.refresh_from_db()
    assert review.body == "<p>She walks.</p>"


def test_words_that_spoil_are_marked_read_and_unmarked(desk, film, editor):
    review = make_review(film, editor.author, state=State.PUBLISHED, body="<p>She walks. She dies.</p><p>The end.</p>")
    change = reverse("admin:reviews_review_change", args=[review.pk])
    desk.goto(change)

    body_of(desk).click()
    desk.keyboard.press("Control+Home")
    desk.keyboard.press("End")
    select_back_over(desk, "She dies.")
    desk.get_by_role("button", name="Spoiler", exact=True).press("Enter")
    expect(desk.get_by_role("dialog", name="Spoiler")).to_be_visible()
    desk.keyboard.press("Enter")
    press_save(desk)
    review.refresh_from_db()
    assert review.body == '<p>She walks. <span data-spoiler="">She dies.</span></p><p>The end.</p>'

    visitor = desk.context.browser.new_context(
        base_url=desk.url.split("/admin")[0], java_script_enabled=False
    ).new_page()
    visitor.goto("/reviews/wanda/")
    expect(visitor.get_by_text("She walks.")).to_be_visible()
    expect(visitor.get_by_text("She dies.")).to_be_hidden()
    visitor.get_by_text("Spoiler for Wanda").press("Enter")
    expect(visitor.get_by_text("She dies.")).to_be_visible()
    visitor.context.close()

    desk.locator("[data-spoiler]").click()
    desk.get_by_role("button", name="Spoiler", exact=True).click()
    desk.get_by_role("button", name="Not a spoiler").click()
    press_save(desk)
    review.refresh_from_db()
    assert review.body == "<p>She walks. She dies.</p><p>The end.</p>"


def test_blocks_that_spoil_are_marked_changed_and_unmarked_by_keyboard(desk, film, editor):
    text = "<p>She walks.</p><ul><li><p>Scottie</p></li><li><p>Judy</p></li></ul>"
    review = make_review(film, editor.author, body=text)
    desk.goto(reverse("admin:reviews_review_change", args=[review.pk]))

    to_the_end(desk)
    desk.keyboard.press("Control+Shift+H")
    desk.get_by_label("What does it give away?").fill("the end of Vertigo")
    desk.keyboard.press("Enter")
    press_save(desk)
    review.refresh_from_db()
    assert review.body == (
        '<p>She walks.</p><div data-spoiler="the end of Vertigo"><ul><li><p>Scottie</p></li><li><p>Judy</p></li></ul></div>'
    )

    to_the_end(desk)
    desk.keyboard.press("Control+Shift+H")
    expect(desk.get_by_label("What does it give away?")).to_have_value("the end of Vertigo")
    desk.get_by_label("What does it give away?").fill("Vertigo")
    desk.keyboard.press("Enter")
    press_save(desk)
    review.refresh_from_db()
    assert 'data-spoiler="Vertigo"' in review.body

    to_the_end(desk)
    desk.keyboard.press("Control+Shift+H")
    desk.get_by_role("button", name="Not a spoiler").press("Enter")
    press_save(desk)
    review.refresh_from_db()
    assert review.body == text


def test_a_still_of_the_film_is_picked_for_the_text(desk, film, editor):
    still = StillFactory(film=film, alt="A slag heap", credit="Drawn for the tests")
    StillFactory(alt="Of another film")
    review = make_review(film, editor.author, body="<p>She walks.</p>")
    desk.goto(reverse("admin:reviews_review_change", args=[review.pk]))

    body_of(desk).click()
    desk.get_by_role("button", name="figure").click()
    with desk.expect_popup() as opened:
        desk.get_by_role("button", name="Browse...").click()
    expect(opened.value.locator(".choose-picture button")).to_have_count(1)
    opened.value.get_by_role("button", name="A slag heap").click()
    expect(desk.get_by_label("Alternative Text")).to_have_value("A slag heap")
    expect(desk.get_by_label("Caption")).to_have_value("Drawn for the tests")
    desk.get_by_role("button", name="Insert", exact=True).click()
    press_save(desk)

    review.refresh_from_db()
    still.refresh_from_db()
    figure = f'<figure><img src="{still.src()}" alt="A slag heap"><figcaption>Drawn for the tests</figcaption></figure>'
    assert figure in review.body


def test_headings_lists_quotes_and_emphasis_survive_saving(desk, film, editor):
    body = (
        "<h2>One</h2><p><strong>Bold</strong> and <em>leaning</em> and "
        '<a href="https://example.org/" rel="noopener">linked</a></p><h3>Two</h3><blockquote><p>Said</p></blockquote>'
        "<ul><li><p>Heat</p></li></ul><ol><li><p>Salt</p></li></ol>"
    )
    review = make_review(film, editor.author, body=body)
    desk.goto(reverse("admin:reviews_review_change", args=[review.pk]))
    body_of(desk).click()
    desk.keyboard.press("Control+Home")
    desk.keyboard.type("No. ")
    press_save(desk)

    review.refresh_from_db()
    assert review.body == body.replace("One", "No. One")


def test_a_new_film_and_director_are_added_without_losing_what_was_typed(desk, film):
    desk.goto(reverse("admin:reviews_review_add"))
    desk.get_by_label("Standfirst").fill("Typed before the film was there.")

    with desk.expect_popup() as opened:
        desk.locator("#add_id_film").click()
    popup = opened.value
    popup.locator("#id_title").fill("Beau Travail")
    popup.get_by_label("Year").fill("1999")
    with popup.expect_popup() as opened_again:
        popup.locator("#add_id_credits-0-person").click()
    opened_again.value.locator("#id_name").fill("Claire Denis")
    opened_again.value.get_by_role("button", name="Save", exact=True).click()
    expect(popup.locator("#id_credits-0-person + .select2")).to_contain_text("Claire Denis")
    popup.locator("#id_credits-0-role").select_option("Director")
    popup.get_by_role("button", name="Save", exact=True).click()

    expect(desk.locator("#id_film + .select2")).to_contain_text("Beau Travail (1999)")
    expect(desk.get_by_label("Standfirst")).to_have_value("Typed before the film was there.")
    press_save(desk)
    review = Review.objects.get()
    assert review.film.title == "Beau Travail"
    assert [director["name"] for director in review.film.directors] == ["Claire Denis"]
    assert review.standfirst == "Typed before the film was there."


def test_pressing_the_picture_sets_the_focal_point(desk, film):
    still = StillFactory(film=film, image=picture_file(640, 400))
    desk.goto(reverse("admin:films_film_change", args=[film.pk]))
    picture = desk.locator("[data-picture] img").first
    box = picture.bounding_box()

    picture.click(position={"x": box["width"] * 0.25, "y": box["height"] * 0.75})

    expect(desk.locator("#id_stills-0-focal_x")).to_have_value("25")
    expect(desk.locator("#id_stills-0-focal_y")).to_have_value("75")
    expect(desk.locator(".picture-dot").first).to_have_css("left", re.compile(r"\d"))
    desk.locator("#id_stills-0-focal_x").fill("40")
    press_save(desk)
    still.refresh_from_db()
    assert (still.focal_x, still.focal_y) == (40, 75)


def test_the_form_says_how_much_is_written_and_that_it_is_not_saved(desk, film, editor):
    review = make_review(film, editor.author, standfirst="Five")
    desk.goto(reverse("admin:reviews_review_change", args=[review.pk]))
    expect(desk.get_by_text("4 letters of 240 at most.")).to_be_visible()

    desk.get_by_label("Standfirst").fill("Fives")

    expect(desk.get_by_text("5 letters of 240 at most.")).to_be_visible()
    expect(desk.locator(".save-state")).to_contain_text("Unsaved changes")
    press_save(desk)
    expect(desk.locator(".save-state")).not_to_contain_text("Unsaved changes")


def test_two_editors_and_one_review(desk, film, editor):
    review = make_review(film, editor.author, verdict="Before")
    address = reverse("admin:reviews_review_change", args=[review.pk])
    desk.goto(address)
    desk.get_by_label("Verdict line").fill("Mine")
    other = desk.context.new_page()
    other.goto(address)
    other.get_by_label("Verdict line").fill("Theirs")
    press_save(other)

    press_save(desk)
    expect(desk.get_by_text("editor saved this on")).to_be_visible()
    expect(desk.get_by_label("Verdict line")).to_have_value("Mine")
    desk.get_by_label("Save mine anyway").check()
    press_save(desk)

    review.refresh_from_db()
    assert review.verdict == "Mine"


@pytest.fixture
def pages(desk, film, editor):
    """One of every page of the admin that we make, with something on it."""
    still = StillFactory(film=film)
    review = make_review(film, editor.author, tag_names=["noir"], body="<p>Ours</p>", lead_image=still)
    make_review(film, editor.author, state=State.PUBLISHED)
    CreditFactory(film=film, character="Wanda")
    records = [
        review,
        film,
        film.credits.first().person,
        editor.author,
        CapsuleFactory(film=film),
        CriticQuoteFactory(film=film),
        Publication.objects.get(),
    ]
    names = [f"{record._meta.app_label}_{record._meta.model_name}" for record in records]
    return [
        reverse("admin:index"),
        *(reverse(f"admin:{name}_changelist") for name in [*names[:-1], "reviews_page", "films_genre", "taggit_tag"]),
        *(reverse(f"admin:{name}_add") for name in [*names[:-1], "reviews_page", "films_genre", "taggit_tag"]),
        *(reverse(f"admin:{name}_change", args=[record.pk]) for name, record in zip(names, records, strict=True)),
        reverse("admin:reviews_review_preview", args=[review.pk]),
        reverse("admin:reviews_review_history", args=[review.pk]),
        reverse("admin:reviews_review_delete", args=[review.pk]),
        f"{reverse('admin:films_film_pictures')}?film={film.pk}",
        reverse("admin:password_change"),
    ]


def test_every_page_fits_a_telephone_and_breaks_no_rule(desk, pages):
    """No scrolling sideways at 390 px; no console error, which the fixture watches for."""
    desk.set_viewport_size({"width": 390, "height": 844})

    wide = {}
    for page in pages:
        assert desk.goto(page).status == 200
        desk.wait_for_load_state("networkidle")
        width = desk.evaluate("document.documentElement.scrollWidth")
        wide |= {page: width} if width > 390 else {}

    assert wide == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_every_day_are_accessible(desk, pages, film, scheme):
    review = Review.objects.earliest("pk")
    desk.emulate_media(color_scheme=scheme)
    found = {}
    for page in (
        reverse("admin:index"),
        reverse("admin:reviews_review_changelist"),
        reverse("admin:reviews_review_change", args=[review.pk]),
        reverse("admin:films_film_change", args=[film.pk]),
    ):
        desk.goto(page)
        desk.wait_for_load_state("networkidle")
        for violation in Axe().run(desk).response["violations"]:
            found[page, violation["id"]] = [node["html"][:160] for node in violation["nodes"][:4]]

    assert found == {}


def test_the_form_works_without_script(desk, film, editor):
    """Rich text is typed as HTML then, and rows are the empty ones at hand; nothing is unreachable."""
    context = desk.context.browser.new_context(
        base_url=desk.url.split("/admin")[0], java_script_enabled=False, storage_state=desk.context.storage_state()
    )
    page = context.new_page()
    page.goto(f"{reverse('admin:reviews_review_add')}?film={film.pk}")

    page.locator("#id_body").fill("<p>Plainly.</p>")
    page.locator("#id_quotes-0-quote").fill("Plain")
    page.locator("#id_quotes-0-publication").fill("The Gazette")
    page.get_by_role("button", name="Save", exact=True).click()
    context.close()

    assert Review.objects.get().body == "<p>Plainly.</p>"
    assert CriticQuote.objects.get().film == Film.objects.get()
    assert not Still.objects.exists()
