"""The rating scale: its page, its words, and the way there from every rating."""

import html5lib
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from reviews.models import Page, Publication, RatingMeaning
from reviews.models.scale import MEANINGS
from tests.admin.conftest import make_user
from tests.factories import CapsuleFactory, DraftFactory, FilmFactory, PersonFactory, ReviewFactory

pytestmark = pytest.mark.django_db


def tree(client, address):
    return html5lib.parse(client.get(address).content.decode(), namespaceHTMLElements=False)


def steps(client) -> list[tuple[str, str, str]]:
    """Each figure of the page with its meaning and how many reviews it counts."""
    found = [one for one in tree(client, "/ratings/").iter("li") if one.get("id", "").startswith("rated-")]
    return [
        (one.attrib["id"].removeprefix("rated-"), *("".join(words.itertext()) for words in one.findall("p")))
        for one in found
    ]


def test_every_figure_has_its_meaning_highest_first(client):
    RatingMeaning.objects.create(rating="4.5", meaning="One splice short of perfect.")

    found = steps(client)

    assert [figure for figure, _meaning, _count in found] == [
        "5",
        "4.5",
        "4",
        "3.5",
        "3",
        "2.5",
        "2",
        "1.5",
        "1",
        "0.5",
    ]
    assert found[1][1] == "One splice short of perfect."
    assert found[2][1] == MEANINGS[4]


def test_reviews_that_readers_see_are_counted_and_led_to(client):
    ReviewFactory.create_batch(2, rating=4)
    DraftFactory(rating=4)
    ReviewFactory(rating=0.5)
    ReviewFactory(rating=None)

    counts = {figure: count for figure, _meaning, count in steps(client)}
    hrefs = [one.get("href") for one in tree(client, "/ratings/").iter("a")]

    assert counts["4"] == "2 reviews rated 4"
    assert counts["0.5"] == "1 review rated 0.5"
    assert counts["5"] == "No review yet"
    assert [one for one in hrefs if "rating=" in one] == ["/reviews/?rating=4", "/reviews/?rating=0.5"]
    assert client.get("/reviews/?rating=4").context["page"].paginator.count == 2


def test_page_costs_the_same_however_much_was_rated(client, django_assert_num_queries):
    for number in (1, 3):
        ReviewFactory.create_batch(number, rating=3)
        RatingMeaning.objects.create(rating=number, meaning="Words.")
        with django_assert_num_queries(4):  # state, publication, meanings, counts
            client.get(f"/ratings/?page={number}0")


def test_publication_without_ratings_has_no_such_page(client):
    Publication(show_ratings=False).save()
    ReviewFactory(rating=4)

    assert client.get("/ratings/").status_code == 404
    assert "/ratings/" not in client.get("/sitemaps/lists.xml").content.decode()
    assert "/ratings/" not in client.get("/reviews/").content.decode()


def test_page_is_in_the_sitemap(client):
    Publication().save()

    assert "/ratings/</loc>" in client.get("/sitemaps/lists.xml").content.decode()


def test_every_rating_leads_to_what_it_means_and_lies_in_no_other_link(client):
    director = PersonFactory(name="Barbara Loden")
    film = FilmFactory(title="Wanda", directors=[director])
    ReviewFactory(film=film, rating=4.5, is_featured=True, tag_names=["roads"])
    ReviewFactory.create_batch(5, rating=3)
    CapsuleFactory(film=FilmFactory(title="Another", directors=[director]), rating=2)
    rated = 0

    for address in ("/", "/reviews/", "/reviews/wanda/", "/films/", f"/films/{film.slug}/", "/films/another-1999/", "/tags/roads/",
                    "/search/?q=wanda", "/people/barbara-loden/"):  # fmt: skip
        page = tree(client, address)
        for outer in page.iter("a"):
            assert not [inner for inner in outer.iter("a") if inner is not outer], address
            assert "rating" not in [
                inner.get("class", "").split(" ")[0] for inner in outer.iter() if inner is not outer
            ]
        for one in page.iter():
            if "rating" in one.get("class", "").split():
                assert (one.tag, one.get("href", "").split("#")[0]) == ("a", "/ratings/"), address
                rated += 1
    assert rated > 10


def test_rating_says_what_it_is_and_where_it_leads(client):
    ReviewFactory(film=FilmFactory(title="Wanda"), rating=4.5)

    link = next(one for one in tree(client, "/reviews/wanda/").iter("a") if "rating" in one.get("class", "").split())

    assert link.get("href") == "/ratings/#rated-4.5"
    assert link.find("span[@class='vh']").text == "Rated 4.5 out of 5; what that means"


# --- In the admin


@pytest.fixture
def editor(client):
    client.force_login(make_user("editor", "Editors"))
    return client


def test_editor_says_what_a_figure_means(editor):
    editor.post(reverse("admin:reviews_ratingmeaning_add"), {"rating": "3.5", "meaning": "Good, with a better reel."})

    assert steps(editor)[3][:2] == ("3.5", "Good, with a better reel.")
    assert "Good, with a better reel." in editor.get(reverse("admin:reviews_ratingmeaning_changelist")).content.decode()


@pytest.mark.parametrize(
    ("rating", "message"),
    [
        ("", "This field is required."),
        ("4.2", "A rating goes from 0.5 to 5 in halves; 4.2 is not one of them."),
        ("4", "This figure has its meaning already."),
    ],
)
def test_figure_that_cannot_be_is_refused_with_the_reason(editor, rating, message):
    RatingMeaning.objects.create(rating=4, meaning="Words.")

    answer = editor.post(reverse("admin:reviews_ratingmeaning_add"), {"rating": rating, "meaning": "Other words."})

    assert answer.context["adminform"].form.errors["rating"] == [message]
    assert RatingMeaning.objects.count() == 1


def test_meaning_of_nothing_or_without_words_is_kept_out_by_the_database():
    for values in ({"rating": "4.2", "meaning": "Words."}, {"rating": 4, "meaning": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RatingMeaning.objects.create(**values)


def test_no_simple_page_can_take_the_address():
    with pytest.raises(ValidationError, match="part of the site itself"):
        Page(title="Ratings").clean()
