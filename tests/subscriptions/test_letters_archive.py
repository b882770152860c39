"""A letter read on the site."""

from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone

from films.models import Still
from reviews.models import Publication
from subscriptions import letters
from subscriptions.models import Mailing
from tests.factories import FilmFactory, ReviewFactory, StillFactory

pytestmark = pytest.mark.django_db
IDENTITY = UUID(int=7)
ADDRESS = f"/letters/mailings/{IDENTITY}/"


@pytest.fixture(autouse=True)
def publication():
    Publication(name="Second Reel").save()


@pytest.fixture
def reviews():
    return [ReviewFactory(film=FilmFactory(title=title), standfirst=f"On {title}.", rating=3.5) for title in "ABC"]


def sent(reviews, **changes) -> Mailing:
    options = {"due_at": timezone.now(), "started_at": timezone.now(), "state": Mailing.State.DONE} | changes
    content = letters.digest_content(reviews, "weekly")
    return Mailing.objects.create(kind="digest", identity=IDENTITY, content=content, **options)


def test_letter_says_what_everybody_got_and_nothing_of_anybody(client, reviews):
    sent(reviews)

    response = client.get(ADDRESS)

    page = BeautifulSoup(response.content, "html.parser")
    assert page.h1.text == "A, B, C"
    assert [heading.text for heading in page.select("main h2, main h3")] == ["A", "Also in this letter", "B", "C"]
    assert "On C." in page.main.text
    assert page.find("meta", {"name": "robots"})["content"] == "noindex"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "public" in response.headers["Cache-Control"]
    assert not response.cookies
    assert "leave" not in page.main.decode()


def test_letter_costs_as_much_with_one_review_as_with_three(client, reviews, django_assert_num_queries):
    mailing = sent(reviews)
    for some in (reviews, reviews[:1]):
        Mailing.objects.filter(pk=mailing.pk).update(content=letters.digest_content(some, "weekly"))
        with django_assert_num_queries(3):
            client.get(f"{ADDRESS}?{len(some)}")


def test_picture_and_its_credit(client):
    review = ReviewFactory()
    still = StillFactory(film=review.film, alt="A man dances.", credit="La Sept Arte")
    Still.objects.filter(pk=still.pk).update(widths=[480, 640])
    review.refresh_from_db()
    sent([review])

    page = BeautifulSoup(client.get(ADDRESS).content, "html.parser")

    assert page.main.img["alt"] == "A man dances."
    assert "La Sept Arte" in page.find(class_="picture-credits").text


@pytest.mark.parametrize("state", ["waiting", "held", "preparing", "cancelled"])
def test_letter_that_nobody_got_is_not_public(client, reviews, state):
    sent(reviews, state=state, started_at=None)

    assert client.get(ADDRESS).status_code == 404


def test_review_that_was_withdrawn_is_left_out(client, reviews):
    sent(reviews)
    reviews[0].withdraw()

    response = client.get(ADDRESS)

    assert "On A." not in response.text
    assert "On B." in response.text


def test_letter_of_withdrawn_reviews_alone_is_gone(client, reviews):
    sent(reviews[:1])
    reviews[0].delete()

    assert client.get(ADDRESS).status_code == 404


@pytest.mark.parametrize(
    "path", [f"/letters/mailings/{UUID(int=1)}/", "/letters/mailings/7/", "/letters/mailings/%00/"]
)
def test_letter_that_never_was(client, path):
    assert client.get(path).status_code == 404
