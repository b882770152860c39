"""Ways around the rules that are shut."""

from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from reviews.models import CriticQuote, Review
from tests.factories import CriticQuoteFactory, DraftFactory, FilmFactory, ReviewFactory

pytestmark = pytest.mark.django_db


def test_no_address_by_number_tells_the_headline_of_a_draft(admin_client):
    draft = DraftFactory(headline="Alpha One")
    kind = ContentType.objects.get_for_model(Review)

    response = admin_client.get(f"/admin/r/{kind.pk}/{draft.pk}/")

    assert response.status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/admin/reviews/review/?tag=%00",
        "/admin/reviews/review/?author=%00",
        "/admin/films/film/?country=%00",
        "/admin/films/film/?decade=99999",
    ],
)
def test_filter_value_that_is_not_offered_is_passed_over(admin_client, address):
    ReviewFactory()

    response = admin_client.get(address)

    assert response.status_code == 200
    assert response.context["cl"].result_count == 1


def test_pictures_of_a_film_are_for_those_who_may_see_films(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))

    assert client.get(f"/admin/films/film/pictures/?film={FilmFactory().pk}").status_code == 403


def test_publishing_a_scheduled_review_from_the_list_says_why_it_does_nothing(admin_client):
    review = ReviewFactory(published_at=timezone.now() + timedelta(days=3))

    response = admin_client.post(
        "/admin/reviews/review/", {"action": "publish", "_selected_action": [review.pk]}, follow=True
    )

    assert "It is scheduled for" in response.content.decode()
    assert "1 review published" not in response.content.decode()


def test_draft_that_is_renamed_leaves_its_address_to_others():
    draft = DraftFactory(headline="Alpha One")
    draft.headline = "Beta Two"
    draft.save()

    assert draft.slug == "beta-two"
    assert DraftFactory(headline="Alpha One").slug == "alpha-one"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59", "1889-01-01T00:00"])
def test_year_that_cannot_be_meant_is_refused_in_words(admin_client, moment):
    review = ReviewFactory()
    page = admin_client.get(f"/admin/reviews/review/{review.pk}/change/")
    form = page.context["adminform"].form
    data = {form.add_prefix(name): value for name, value in form.initial.items() if isinstance(value, (str, int))}
    data |= {"published_at": moment, "film": review.film_id, "tags": "", "state": "published"}
    for formset in page.context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}

    response = admin_client.post(f"/admin/reviews/review/{review.pk}/change/", data)

    assert response.status_code == 200
    assert "Is the year" in response.content.decode()


def test_quotes_of_another_film_cannot_be_written_through_a_review(admin_client):
    review = DraftFactory()
    foreign = CriticQuoteFactory(quote="Theirs.")
    data = {
        "film": review.film_id, "state": "draft", "tags": "", "headline": "New",
        "quotes-TOTAL_FORMS": 1, "quotes-INITIAL_FORMS": 1, "quotes-0-id": foreign.pk, "quotes-0-quote": "Mine.",
        "quotes-0-publication": "P", "bylines-TOTAL_FORMS": 0, "bylines-INITIAL_FORMS": 0,
    }  # fmt: skip

    admin_client.post("/admin/reviews/review/add/", data)

    assert CriticQuote.objects.get(pk=foreign.pk).quote == "Theirs."
