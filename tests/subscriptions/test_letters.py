"""What letters say: the snapshot of a mailing, and the personal ones."""

from email import message_from_bytes, policy

import pytest
from bs4 import BeautifulSoup
from django.core import mail

from config.images import finish_picture
from films.models import Still
from reviews.models import Publication
from subscriptions import following, letters
from subscriptions.frame import reason_line
from subscriptions.snapshot import EMPHASIS, opening
from tests.factories import (
    AuthorFactory,
    FilmFactory,
    PersonFactory,
    ReviewFactory,
    SignUpFactory,
    StillFactory,
    SubscriberFactory,
    picture_file,
)

pytestmark = pytest.mark.django_db
LINKS = {
    "leave": "http://testserver/letters/leave/1-aa/",
    "letters": "http://testserver/letters/1-bb/",
    "view": "http://testserver/letters/mailings/7/",
}


@pytest.fixture(autouse=True)
def publication():
    Publication(name="Second Reel", postal_address="24 Frames Street\nSampleton").save()


def letter_of(*reviews, items=None, reasons=()):
    content = letters.digest_content(reviews, "weekly") if len(reviews) > 1 else letters.review_content(*reviews)
    return letters.Frame(content).letter(items=items, reasons=reasons, links=LINKS)


# --- A new review


def test_new_review_in_words():
    denis, ida, otto = PersonFactory(name="Claire Denis"), AuthorFactory(name="Ida"), AuthorFactory(name="Otto")
    film = FilmFactory(title="Beau Travail", year=1999, runtime=93, directors=[denis], countries=["FR"])
    body = "<p>An army, in <em>Billy Budd</em>’s sun.</p><p>Then one man dances.</p><h2>Later</h2><p>More.</p>"
    review = ReviewFactory(film=film, body=body, rating=4.5, authors=[ida, otto], standfirst="A dance company.")

    letter = letter_of(review, reasons=["You follow Claire Denis"])

    assert letter.subject == "Beau Travail (1999)"
    assert letter.text.split("\n\n")[2:] == [
        "Claire Denis · France · 1999 · 93 minutes",
        "Beau Travail\n------------",
        "By Ida and Otto",
        "4.5 out of 5",
        "A dance company.",
        "An army, in Billy Budd’s sun.",
        "Then one man dances.",
        "Read the rest: http://testserver/reviews/beau-travail/",
        "-" * 72,
        "You get this because you follow Claire Denis. We do not track what you open or click.",
        "Unsubscribe: http://testserver/letters/leave/1-aa/#unsubscribe\n"
        "Choose what you get: http://testserver/letters/1-bb/\n"
        "Read this letter on the site: http://testserver/letters/mailings/7/",
        "24 Frames Street, Sampleton\n",
    ]


def test_new_review_in_html_says_the_same_and_needs_nothing_from_elsewhere():
    review = ReviewFactory(film=FilmFactory(title="Beau Travail"), body="<p>In <em>Billy Budd</em>’s sun.</p>")

    page = BeautifulSoup(letter_of(review).html, "html.parser")

    assert page.title.text == "Beau Travail (1999)"
    assert page.em.text == "Billy Budd"
    assert {link["href"] for link in page.find_all("a")} == {
        "http://testserver/",
        "http://testserver/reviews/beau-travail/",
        LINKS["leave"] + "#unsubscribe",  # people, and programs, look for the word
        LINKS["letters"],
        LINKS["view"],
    }
    assert page.select("link, script, img, iframe, form") == []
    assert [style.get_text()[:5] for style in page.find_all("style")] == [":root"]  # the rest stands on the elements
    assert "margin" in page.h1["style"]


def test_still_is_a_jpeg_with_absolute_address_alternative_text_and_credit():
    film = FilmFactory()
    still = StillFactory(film=film, alt="A man dances alone.", credit="La Sept Arte")
    Still.objects.filter(pk=still.pk).update(widths=[480, 640])

    letter = letter_of(ReviewFactory(film=film))

    [image] = BeautifulSoup(letter.html, "html.parser").find_all("img")
    assert image["src"].startswith("http://testserver/media/stills/")
    assert image["src"].endswith("-640.jpg")
    assert (image["alt"], image["width"], image["height"]) == ("A man dances alone.", "600", "338")
    assert "Pictures: La Sept Arte" in letter.text


def test_reviews_without_a_still_print_their_titles_once():
    reviews = [ReviewFactory(film=FilmFactory(title=title)) for title in ("Black Girl", "Faat Kiné")]

    page = BeautifulSoup(letter_of(*reviews).html, "html.parser")

    assert [heading.text for heading in page.body.find_all(["h1", "h3"])] == ["Black Girl", "Faat Kiné"]
    for title in ("Black Girl", "Faat Kiné"):
        assert len(page.body.find_all("a", string=title)) == 1
        assert len(page.body.find_all(string=title)) == 1
    assert page.select("[aria-hidden]:not(span)") == []


def test_pictures_of_rows_are_small_and_say_what_they_show():
    films = [FilmFactory(), FilmFactory()]
    for film in films:
        still = StillFactory(film=film, image=picture_file(1400, 700), alt="A man dances alone.")
        finish_picture.func("films.still", still.pk)

    lead, row = BeautifulSoup(letter_of(*[ReviewFactory(film=film) for film in films]).html, "html.parser").find_all(
        "img"
    )

    assert [picture["alt"] for picture in (lead, row)] == ["A man dances alone."] * 2
    assert lead["src"].endswith("-1280.jpg")
    assert row["src"].endswith("-480.jpg")
    assert (row["width"], row["height"]) == ("200", "100")
    assert "background-color: transparent" in row["style"]
    assert not row.parent.has_attr("aria-hidden")


def test_row_shows_the_large_picture_while_there_is_no_small_one():
    films = [FilmFactory(), FilmFactory()]
    for film in films:
        Still.objects.filter(pk=StillFactory(film=film).pk).update(widths=[480, 640])

    _lead, row = BeautifulSoup(letter_of(*[ReviewFactory(film=film) for film in films]).html, "html.parser").find_all(
        "img"
    )

    assert row["src"].endswith("-640.jpg")


def test_decorative_picture_is_no_link_for_who_cannot_see_it():
    film = FilmFactory()
    Still.objects.filter(pk=StillFactory(film=film, alt="", is_decorative=True).pk).update(widths=[480, 640])

    [image] = BeautifulSoup(letter_of(ReviewFactory(film=film)).html, "html.parser").find_all("img")

    assert (image["alt"], image.parent["aria-hidden"], image.parent["tabindex"]) == ("", "true", "-1")


def test_headline_stands_beside_the_film_in_the_subject():
    review = ReviewFactory(film=FilmFactory(title="Beau Travail"), headline="Dancing alone")

    assert letter_of(review).subject == "Dancing alone: Beau Travail"


def test_ratings_are_left_out_where_the_publication_prints_none():
    Publication(name="Second Reel", show_ratings=False).save()

    assert "out of 5" not in letter_of(ReviewFactory(rating=4)).text


def test_review_that_gives_things_away_is_quoted_no_further_than_its_standfirst():
    review = ReviewFactory(body="<p>It was the butler.</p>", standfirst="A house, a murder.", has_spoilers=True)

    letter = letter_of(review)

    assert "A house, a murder." in letter.text
    assert "butler" not in letter.text + letter.html
    assert "Read the review" in letter.text


# --- How much of a text is quoted


@pytest.mark.parametrize(
    ("body", "quoted"),
    [
        ("<p>One.</p><p>Two.</p><p>Three.</p><p>Four.</p>", ["One.", "Two.", "Three."]),
        ("<p>One.</p><ul><li><p>A list.</p></li></ul><p>Two.</p>", ["One.", "Two."]),
        ("<blockquote><p>A motto.</p></blockquote><p>One.</p>", ["One."]),
        ('<div data-spoiler=""><p>The end.</p></div><p>One.</p>', ["One."]),
        ("<h2>First</h2><p>One.</p><h2>Then</h2><p>Two.</p>", ["One."]),
        ('<p>One<span data-footnote="Not this.">*</span>.</p>', ["One."]),
        ("<p>\ue010One\ue000.</p>", ["One."]),
        ("<h2>Only a heading</h2>", []),
        ("", []),
    ],
)
def test_opening_paragraphs(body, quoted):
    assert opening(body) == quoted


def test_long_paragraphs_end_the_quotation_early_and_italics_end_with_them():
    begin, end = EMPHASIS

    [only] = opening(f"<p><em>{'word ' * 1000}</em></p><p>Two.</p>")

    assert len(only) < 1410
    assert only.startswith(begin)
    assert only.endswith(f"…{end}")


# --- A digest


@pytest.fixture
def three():
    return [ReviewFactory(film=FilmFactory(title=title), standfirst=f"On {title}.") for title in ("A", "B", "C")]


def test_digest_has_the_first_review_whole_and_the_others_as_rows(three):
    letter = letter_of(*three)

    assert letter.subject == "A, B, C"
    assert "A\n-\n" in letter.text
    assert "Also this week\n--------------\n\nB: http://testserver/reviews/b/" in letter.text
    assert letter.text.index("On B.") < letter.text.index("On C.")


def test_reader_of_some_of_a_digest_gets_a_letter_about_these_alone(three):
    letter = letter_of(*three, items=[1])

    assert letter.subject == "B"
    for part in (letter.text, letter.html):
        assert "On B." in part
        assert "On A." not in part
        assert "On C." not in part
        assert "Also" not in part


def test_subject_of_a_long_digest_stays_short():
    reviews = [ReviewFactory(film=FilmFactory(title=f"Film {name}")) for name in "ABCDEF"]

    assert letter_of(*reviews).subject == "Film A, Film B and 4 more"


@pytest.mark.parametrize(
    ("reasons", "line"),
    [
        ([], "You get this because you subscribed to Second Reel."),
        (["You asked for every review"], "You get this because you asked for every review."),
        (
            ["You follow A", "You follow B", "You follow films of the 1970s"],
            "You get this because you follow A, B and films of the 1970s.",
        ),
        (["You follow A", "You asked for all."], "You get this because you asked for all and you follow A."),
    ],
)
def test_reasons_are_one_sentence(reasons, line):
    assert reason_line(reasons, "Second Reel") == line


# --- Personal letters


def test_confirmation_leads_to_the_page_with_the_button():
    signup = SignUpFactory()

    letter = letters.confirmation(signup)

    assert letter.subject == "Please confirm: letters from Second Reel"
    assert f"Confirm my address:\nhttp://testserver/subscribe/confirm/{signup.token}/\n" in letter.text
    assert "Is this your new address?" not in letter.text


def test_confirmation_names_what_was_asked_for():
    person = PersonFactory(name="Claire Denis")

    letter = letters.confirmation(SignUpFactory(follow=f"person:{person.slug}"))

    assert "letters about Claire Denis" in " ".join(letter.text.split())


def test_confirmation_of_a_new_address_says_that_it_is_one():
    letter = letters.confirmation(SignUpFactory(moves=SubscriberFactory()))

    assert letter.subject == "Use this address for Second Reel?"
    assert "Is this your new address?" in letter.text


def test_welcome_says_what_comes_and_where_to_change_it():
    reader = SubscriberFactory(rhythm="weekly", only_followed=True)

    letter = letters.welcome(reader)

    assert "one letter a week with the new reviews of what you follow" in " ".join(letter.text.split())
    assert f"http://testserver/letters/{reader.token('letters')}/" in letter.text
    assert f"http://testserver/letters/leave/{reader.token('leave')}/" in letter.text


def test_welcome_names_what_is_followed_three_at_most():
    reader = SubscriberFactory(only_followed=True)
    for word in ("decade:1970", "country:FR", f"person:{PersonFactory(name='Claire Denis').slug}"):
        following.add(reader, following.read(word))
    assert "a review of what you follow: Claire Denis, France and 1970s." in " ".join(
        letters.welcome(reader).text.split()
    )

    for word in ("decade:1980", "decade:1990"):
        following.add(reader, following.read(word))

    assert "Claire Denis, France, 1970s and 2 more." in " ".join(letters.welcome(reader).text.split())


def test_welcome_of_who_gets_every_review_names_nothing():
    reader = SubscriberFactory()
    following.add(reader, following.read("country:FR"))

    assert "France" not in letters.welcome(reader).text


def test_somebody_who_signs_up_again_hears_that_nothing_has_changed():
    letter = letters.already_subscribed(SubscriberFactory(), SignUpFactory())

    assert "You are subscribed already" in letter.text
    assert "Nothing has changed." in " ".join(letter.text.split())


def test_old_address_hears_of_the_move_but_not_where_to():
    reader = SubscriberFactory(address="new.place@example.org")

    letter = letters.moved(reader, "old@example.org")

    assert "n…@example.org" in letter.text
    assert "new.place" not in letter.text + letter.html
    assert reader.token("letters") not in letter.text + letter.html


def test_letter_is_sent_as_mail_that_no_machine_answers():
    letters.send(letters.welcome(SubscriberFactory()), "reader@home.example")

    [sent] = mail.outbox
    parsed = message_from_bytes(sent.message().as_bytes(), policy=policy.default)
    assert parsed["From"] == "Second Reel <editors@testserver>"
    assert parsed["To"] == "reader@home.example"
    assert parsed["Subject"] == "Welcome to Second Reel"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Message-ID"].endswith("@testserver>")
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert "List-Unsubscribe" not in parsed


def test_personal_mail_keeps_the_name_that_the_settings_give_its_sender(settings):
    settings.DEFAULT_FROM_EMAIL = "The editors <editors@reviews.example>"

    letters.send(letters.welcome(SubscriberFactory()), "reader@home.example")

    assert mail.outbox[0].message()["From"] == "The editors <editors@reviews.example>"


def test_what_editors_and_readers_typed_is_shown_and_not_obeyed():
    Publication(name="<b>Reel</b>\r\nBcc: all@example.org", postal_address="<i>x</i>").save()
    author = AuthorFactory(name="<script>alert(1)</script>")
    review = ReviewFactory(film=FilmFactory(title="<img src=x onerror=y>"), authors=[author], standfirst='"><b>x')

    for letter in (letter_of(review), letters.confirmation(SignUpFactory())):
        page = BeautifulSoup(letter.html, "html.parser")

        assert page.select("script, b, i, img") == []
        assert "\n" not in letter.subject
    assert "<img src=x onerror=y>" in letter_of(review).text
