"""Every list and every form of the admin costs the same number of queries however much it shows."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from taggit.models import Tag

from films.models import Certificate, Film, FilmCountry, FilmLanguage, FilmTitle, Genre, WatchLink
from people.models import Person, PersonName
from reviews.models import Author, Capsule, CriticQuote, Page, Publication, RelatedChoice, Review, State
from tests.admin.conftest import form_data, make_credits, make_review, make_user
from tests.factories import AuthorFactory, CapsuleFactory, CriticQuoteFactory, FilmFactory, StillFactory

pytestmark = pytest.mark.django_db
LISTS = {Review: 12, Capsule: 9, CriticQuote: 8, Author: 8, Page: 8, Film: 10, Genre: 8, Person: 8, Tag: 8}
FORMS = {
    Review: 13,
    Capsule: 10,
    CriticQuote: 8,
    Author: 8,
    Page: 6,
    Film: 17,
    Genre: 6,
    Person: 8,
    Tag: 6,
    Publication: 7,
}


def address(model, page, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def fill(number: int) -> None:
    """A publication with `number` of each thing, and a film and a review with `number` of each row."""
    Publication.objects.get_or_create(pk=1)
    authors = [AuthorFactory(user=make_user(f"writer{n}")) for n in range(number)]
    for n, author in enumerate(authors):
        film = FilmFactory(year=1900 + 10 * n, directors=[], countries=["FR"])
        for state in State:
            make_review(film, author, state=state, tag_names=[f"tag {n}"])
        make_review(film, author, state=State.PUBLISHED, days=3)
        CriticQuoteFactory(film=film)
        Page.objects.create(title=f"Page {n}")
        Genre.objects.create(name=f"Genre {n}")
    film, review = Film.objects.earliest("pk"), Review.objects.earliest("pk")
    film.genres.set(Genre.objects.all())
    for n, author in enumerate(authors):
        CapsuleFactory(film=film, author=author)
        StillFactory(film=film, alt="" if n else "A bus")
        FilmTitle.objects.create(film=film, title=f"Title {n}")
        FilmLanguage.objects.create(film=film, language=["fr", "de", "it"][n])
        Certificate.objects.create(film=film, board=f"Board {n}", mark="15")
        WatchLink.objects.create(film=film, name="Shop", url=f"https://shop.example/{n}")
        if n:
            CriticQuoteFactory(film=film, quote=f"Quote {n}")
            FilmCountry.objects.create(film=film, country=["DE", "IT"][n - 1])
            review.bylines.create(author=author, position=n + 1)
    for n, other in enumerate(Review.objects.exclude(pk=review.pk).order_by("pk")[:number], 1):
        RelatedChoice.objects.create(review=review, other=other, position=n)
    make_credits(film, number, "director")
    make_credits(film, number * 10, "actor")
    for n in range(number):
        PersonName.objects.create(person=Person.objects.earliest("pk"), name=f"Other {n}")


def empty() -> None:
    for model in (Review, Film, Author, Person, Genre, Page, Tag):
        model.objects.all().delete()
    User.objects.filter(username__startswith="writer").delete()


def queries(client, page: str) -> int:
    client.get(page)  # content types are remembered from here on
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)


def counts(client, pages) -> list[dict]:
    """The queries of each page with one of everything, and with three. `pages` makes the addresses."""
    found = []
    for number in (1, 3):
        empty()
        fill(number)
        found.append({name: queries(client, page) for name, page in pages().items()})
    return found


def test_lists_cost_the_same_at_one_and_at_three(sign_in, editor):
    found = counts(sign_in(editor), lambda: {model: address(model, "changelist") for model in LISTS})

    assert found == [LISTS, LISTS]


def test_forms_cost_the_same_at_one_and_at_three(sign_in, editor):
    def pages():
        return {model: address(model, "change", model.objects.earliest("pk").pk) for model in FORMS}

    assert counts(sign_in(editor), pages) == [FORMS, FORMS]


def test_the_desk_costs_the_same_at_one_and_at_three(sign_in, editor):
    assert counts(sign_in(editor), lambda: {"desk": reverse("admin:index")}) == [{"desk": 16}, {"desk": 16}]


@pytest.mark.parametrize("answer", ["the form", "the form refused", "saved"])
def test_a_film_costs_the_same_with_one_credit_and_with_forty(sign_in, editor, answer):
    client, found = sign_in(editor), []
    for number in (1, 40):
        film = FilmFactory()
        make_credits(film, number)
        page = address(Film, "change", film.pk)
        data = form_data(client.get(page)) | ({"year": "1066"} if answer == "the form refused" else {})

        with CaptureQueriesContext(connection) as captured:
            response = client.get(page) if answer == "the form" else client.post(page, data)

        assert response.status_code == (302 if answer == "saved" else 200)
        found.append(len(captured))

    assert found[0] == found[1]
