"""The pictures of reviews for social sites, and that nothing for machines gives away what is not public."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image, ImageStat

from config.tasks import SWEEPS
from people.models import Person
from reviews import cards, drawing
from reviews.models import Publication, Review, SocialCard, State
from tests.factories import (
    AuthorFactory,
    FilmFactory,
    PersonFactory,
    ReviewFactory,
    StillFactory,
    picture_file,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def review():
    Publication(name="Second Reel").save()
    film = FilmFactory(title="Sunrise", year=1927, directors=[PersonFactory(name="F. W. Murnau")])
    return ReviewFactory(film=film, rating=4)


def files():
    """The cards that lie in the storage."""
    if not default_storage.exists("cards"):
        return []
    return [f"cards/{folder}/{name}" for folder in default_storage.listdir("cards")[0] for name in default_storage.listdir(f"cards/{folder}")[1]]  # fmt: skip


def card_of(review):
    return SocialCard.objects.filter(review=review).first()


def test_sweep_makes_the_card_of_a_public_review(review):
    assert cards.make_missing_cards() == 1

    card = card_of(review)
    assert files() == [card.image.name]
    with default_storage.open(card.image.name) as file:
        picture = Image.open(file)
        assert (picture.format, picture.size) == ("JPEG", (1200, 630))
    assert card.image.name == f"cards/{card.made_for[:2]}/{card.made_for}.jpg"
    assert cards.make_missing_cards() == 0


def test_card_is_made_when_an_editor_publishes(admin_client, django_capture_on_commit_callbacks):
    draft = ReviewFactory(state=State.DRAFT, published_at=None)

    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post("/admin/reviews/review/", {"action": "publish", "_selected_action": [draft.pk]})

    assert files() == [card_of(draft).image.name]


CHANGES = {
    "headline": lambda review: setattr(review, "headline", "Another"),
    "rating": lambda review: setattr(review, "rating", 2),
    "no rating": lambda review: setattr(review, "rating", None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_card_follows_the_review(review, change):
    cards.make_missing_cards()
    before = card_of(review)

    change(review)
    review.save()
    cards.make_missing_cards()

    assert card_of(review).made_for != before.made_for
    assert files() == [card_of(review).image.name]


def test_change_of_something_else_leaves_the_file(review):
    cards.make_missing_cards()
    before = card_of(review)

    review.body = "<p>Corrected.</p>"
    review.save()
    assert cards.make_missing_cards() == 1

    assert card_of(review).image.name == before.image.name
    assert cards.make_missing_cards() == 0


def test_hourly_look_finds_what_no_save_told_of(review):
    cards.make_missing_cards()
    assert cards.remake_outdated_cards() == 0
    made_for = {card_of(review).made_for}

    for change in (
        lambda: Publication.objects.update(name="Third Reel"),
        lambda: Publication.objects.update(show_ratings=False),
        lambda: StillFactory(film=review.film),
        lambda: review.film.stills.update(focal_x=10),
        lambda: Person.objects.update(name="Murnau"),
    ):
        change()
        assert cards.remake_outdated_cards() == 1
        made_for.add(card_of(review).made_for)

    assert len(made_for) == 6
    assert len(files()) == 1


def test_scheduled_review_gets_its_card_once_it_is_public(review):
    moment = timezone.now() + timedelta(hours=1)
    Review.objects.update(published_at=moment)

    cards.make_missing_cards()
    cards.make_card.func(review.pk)
    assert files() == []

    with time_machine.travel(moment + timedelta(seconds=1)):
        cards.make_missing_cards()
    assert len(files()) == 1


@pytest.mark.parametrize("end", [lambda review: review.withdraw(), lambda review: review.delete()], ids=["withdrawn", "deleted"])  # fmt: skip
def test_card_goes_with_its_review(review, end):
    cards.make_missing_cards()

    end(review)

    assert cards.remove_stray_cards() == 1
    assert files() == []
    assert not SocialCard.objects.exists()


def test_file_half_written_by_a_worker_that_died_is_written_anew(review):
    cards.make_missing_cards()
    name = card_of(review).image.name
    SocialCard.objects.all().delete()
    with default_storage.open(name, "wb") as file:
        file.write(b"half")

    cards.make_missing_cards()

    assert files() == [name]
    assert default_storage.size(name) > 1000


def test_still_that_cannot_be_read_gives_a_title_card(review):
    still = StillFactory(film=review.film)
    with default_storage.open(still.image.name, "wb") as file:
        file.write(b"damaged")

    cards.make_missing_cards()

    assert len(files()) == 1


def test_page_view_makes_no_card(client, review):
    client.get(review.get_absolute_url())

    assert files() == []


def test_worker_knows_the_sweeps():
    import reviews.tasks  # noqa: F401 -- what the worker imports

    assert {f"reviews.cards.{name}" for name in ("make_missing_cards", "make_publication_card", "remove_stray_cards")} <= set(SWEEPS)  # fmt: skip


def design(**values):
    return drawing.Design(**{"title": "Sunrise", "line": "Murnau, 1927", "publication": "Second Reel", "halves": 8, "era": "silent", "tone": 1} | values)  # fmt: skip


def drawn(still=None, **values):
    return Image.open(io.BytesIO(drawing.draw(design(**values), still))).convert("RGB")


TITLES = [
    "",
    "M",
    "A " * 99,
    "x" * 200,
    "Donaudampfschiffahrt",
    "千と千尋の神隠し",
    "Œuvre Ångström Ỹ",
    "🎬",
    "\u202eabc",
    "a\x00b",
]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("era", ["silent", "studio", "wave", "tape", "digital"])
def test_any_title_can_be_drawn(title, era):
    assert drawn(title=drawing.drawable(title, drawing.DISPLAY), era=era, line=title).size == (1200, 630)


@pytest.mark.parametrize("title", ["Sunrise", "The Passion of Joan of Arc", "A " * 99, "x" * 200])
def test_title_stays_inside_its_margins(title):
    lines, font = drawing.set_title(title)

    assert 1 <= len(lines) <= 3
    assert all(font.getlength(line) <= drawing.WIDTH - 2 * drawing.MARGIN for line in lines)


def test_letters_the_font_lacks_are_left_out():
    assert drawing.drawable("Amélie, Ősz – “Žižek”", drawing.DISPLAY) != ""
    assert drawing.drawable("千と千尋", drawing.DISPLAY) == ""


FOREIGN = [
    ({"title": "История Аси", "original_title": "Asya’s Happiness"}, ["Asya"], "Asya’s Happiness"),
    ({"title": "東京物語"}, ["東京の話", "Tokyo Story"], "Tokyo Story"),
    ({"title": "पथेर पांचाली", "directors": ["Satyajit Ray"]}, [], "A film by Satyajit Ray"),
    ({"title": "Ταξίδι στα Κύθηρα", "year": 1984, "directors": ["Θόδωρος Αγγελόπουλος"]}, [], "A film of 1984"),
    ({"title": "ביקור התזמורת", "year": None}, [], "A film, reviewed"),
]


@pytest.mark.parametrize(("facts", "other_titles", "expected"), FOREIGN)
def test_title_that_cannot_be_drawn_gives_way_to_one_that_can(facts, other_titles, expected):
    people = [PersonFactory(name=name) for name in facts.get("directors", [])]
    film = FilmFactory(**facts | {"directors": people})
    for title in other_titles:
        film.other_titles.create(title=title)
    review = ReviewFactory(film=film)

    assert cards.design_of(review, Publication.current()).title == expected


def test_line_of_a_card_keeps_what_can_be_drawn():
    film = FilmFactory(year=1953, directors=[PersonFactory(name="小津安二郎"), PersonFactory(name="Jean Epstein")])

    assert cards.design_of(ReviewFactory(film=film), Publication.current()).line == "Jean Epstein, 1953"


def test_hourly_look_takes_the_same_few_queries_however_many_cards(django_assert_num_queries):
    for count in (1, 3):
        for _ in range(count):
            ReviewFactory(film=FilmFactory(title="東京物語", directors=[PersonFactory()]))
        cards.make_missing_cards()
        with django_assert_num_queries(4):
            cards.remake_outdated_cards()


def test_publication_has_one_card_of_its_own_that_follows_its_name(review):
    assert cards.make_publication_card() is True
    assert cards.make_publication_card() is False
    before = files()
    Publication.objects.update(tagline="Stay for the credits")
    cards.make_publication_card()
    cards.remove_stray_cards()

    (row,) = Publication.current().card_rows
    assert files() == [row["image"]] != before
    with default_storage.open(row["image"]) as file:
        assert Image.open(file).size == (1200, 630)


def test_publication_in_letters_the_font_lacks_is_known_by_its_address():
    assert cards.design_of_publication(Publication(name="映画評論")).title == "testserver"


def test_white_letters_can_be_read_on_a_white_still():
    white = Image.new("RGB", (640, 360), "white")

    picture = drawn(still=white, title="", line="")

    lightest = max(picture.crop((420, 466, 850, 630)).convert("L").getextrema())
    channel = lightest / 255
    luminance = ((channel + 0.055) / 1.055) ** 2.4
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_focal_point_stays_in_the_picture():
    still = Image.new("RGB", (600, 1200), "blue")
    still.paste("red", (0, 0, 600, 200))

    top = ImageStat.Stat(drawn(still=still, focus=(0.5, 0.0)).crop((0, 0, 1200, 40))).mean
    bottom = ImageStat.Stat(drawn(still=still, focus=(0.5, 1.0)).crop((0, 0, 1200, 40))).mean

    assert top[0] > 200 > top[2]
    assert bottom[2] > 200 > bottom[0]


HIDDEN = {
    "draft": {"state": State.DRAFT, "published_at": None},
    "in review": {"state": State.IN_REVIEW, "published_at": None},
    "scheduled": {"published_at": timezone.now() + timedelta(days=2)},
    "withdrawn": {"state": State.WITHDRAWN},
}


def test_nothing_for_machines_gives_away_what_is_not_public(client):
    """Every feed, sitemap, data block, oEmbed answer and card, with one hidden review of each kind behind it."""
    director = PersonFactory(name="Claire Denis")
    film = FilmFactory(title="Shared Film", directors=[director])
    author = AuthorFactory(name="Otto Splice")
    shown = ReviewFactory(
        film=film, authors=[author], tag_names=["sea"], published_at=timezone.now() - timedelta(days=9)
    )
    StillFactory(film=film, image=picture_file(name="a.jpg"))
    addresses = [f"/feeds/{name}.{ending}" for name in ("reviews", "authors/otto-splice", "tags/sea", "directors/claire-denis") for ending in ("atom", "rss", "json")]  # fmt: skip
    addresses += [
        "/",
        shown.get_absolute_url(),
        film.get_absolute_url(),
        "/people/claire-denis/",
        "/authors/otto-splice/",
    ]
    addresses += ["/tags/sea/", "/robots.txt", "/sitemap.xml", "/sitemaps/lists.xml", "/sitemaps/tags-0.xml"]
    addresses += [f"/oembed?url=http://testserver{shown.get_absolute_url()}&format={kind}" for kind in ("json", "xml")]
    before = {address: client.get(address).content for address in addresses}
    index = client.get("/sitemap.xml").content

    hidden = [
        ReviewFactory(
            film=film, headline=f"Zyzzyva {name}", standfirst="Zyzzyva", body="<p>Zyzzyva</p>", verdict="Zyzzyva",
            rating=1, authors=[author, AuthorFactory(name=f"Hand {name}")], tag_names=["sea", f"zyzzyva {name}"], **values,
        )
        for name, values in HIDDEN.items()
    ]  # fmt: skip
    cards.make_missing_cards()
    for review in hidden:
        cards.make_card.func(review.pk)

    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200
        assert b"zyzzyva" not in response.content.lower(), address
        if not address.startswith(("/reviews/", "/oembed", "/sitemap")):  # their card is made meanwhile
            assert response.content == before[address], address
    assert index == client.get("/sitemap.xml").content
    assert b"zyzzyva" not in client.get("/sitemaps/reviews-0.xml").content.lower()
    for review, name in zip(hidden, HIDDEN, strict=True):
        assert client.get("/oembed", {"url": f"http://testserver{review.get_absolute_url()}"}).status_code == 404
        for ending in ("atom", "rss", "json"):
            assert client.get(f"/feeds/tags/zyzzyva-{name.replace(' ', '-')}.{ending}").status_code == 404
    assert list(SocialCard.objects.values_list("review", flat=True)) == [shown.pk]
    assert files() == [card_of(shown).image.name]
