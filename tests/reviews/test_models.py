"""What readers see is decided by state and clock; what may be published, and what the database refuses."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from config.slugs import get_or_redirect
from films.models import Film
from reviews.models import Author, AuthorPortrait, Capsule, CriticQuote, Page, Publication, Review, ReviewByline, State
from reviews.models.links import Link, read_links
from reviews.models.publishing import NotReady
from tests.factories import (
    AuthorFactory,
    CapsuleFactory,
    CriticQuoteFactory,
    DraftFactory,
    FilmFactory,
    PersonFactory,
    ReviewFactory,
    StillFactory,
    picture_file,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def refused(action, *args, **kwargs):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        action(*args, **kwargs)
    return str(caught.value)


def complaints(record):
    with pytest.raises(ValidationError) as caught:
        record.full_clean()
    return caught.value.message_dict


# --- Who sees it


@pytest.mark.parametrize(
    ("state", "published_at", "is_seen"),
    [
        (State.DRAFT, None, False),
        (State.DRAFT, NOON - timedelta(days=1), False),
        (State.IN_REVIEW, None, False),
        (State.PUBLISHED, NOON, True),
        (State.PUBLISHED, NOON - timedelta(days=400), True),
        (State.PUBLISHED, NOON + timedelta(seconds=1), False),
        (State.WITHDRAWN, NOON - timedelta(days=1), False),
    ],
)
@time_machine.travel(NOON, tick=False)
def test_only_what_is_published_and_due_is_seen(state, published_at, is_seen):
    review = ReviewFactory(state=state, published_at=published_at)

    assert list(Review.objects.published()) == ([review] if is_seen else [])
    assert review.is_visible is is_seen


def test_scheduled_review_appears_at_its_time_by_the_clock_alone():
    with time_machine.travel(NOON, tick=False) as clock:
        review = ReviewFactory(published_at=NOON + timedelta(minutes=5))
        assert list(Review.objects.scheduled()) == [review]
        assert (review.is_scheduled, review.standing, review.was_public) == (True, "Scheduled", False)

        clock.move_to(NOON + timedelta(minutes=4, seconds=59))
        assert not Review.objects.published().exists()

        clock.move_to(NOON + timedelta(minutes=5))
        assert list(Review.objects.published()) == [review]
        assert not Review.objects.scheduled().exists()
        assert (review.is_scheduled, review.standing, review.was_public) == (False, "Published", True)


def test_question_can_be_asked_for_another_moment():
    review = ReviewFactory(published_at=NOON)

    assert list(Review.objects.published(NOON)) == [review]
    assert not Review.objects.published(NOON - timedelta(microseconds=1)).exists()


def test_newest_comes_first_and_the_later_entry_of_one_moment():
    old, first, second = (ReviewFactory(published_at=NOON - timedelta(days=days)) for days in (2, 1, 1))

    assert list(Review.objects.published().newest_first()) == [second, first, old]


# --- Publishing


def test_publishing_lists_everything_that_is_missing_and_changes_nothing():
    film = FilmFactory(synopsis="")
    StillFactory(film=film, alt="", credit="")
    review = Review.objects.create(film=film)

    with pytest.raises(NotReady) as caught:
        review.publish()

    assert caught.value.missing == [
        "an author",
        "a standfirst, one sentence under the title",
        "a synopsis, here or on the film",
        "the review itself",
        "the alternative text of its picture (on the film, under Stills)",
        "the credit and rights line of its picture (on the film, under Stills)",
    ]
    assert all(message.startswith("Missing before it can be published: ") for message in caught.value.messages)
    review.refresh_from_db()
    assert (review.state, review.published_at) == (State.DRAFT, None)


def test_unsaved_review_can_say_what_it_misses():
    assert "an author" in [item.what for item in Review(film=FilmFactory()).missing_for_publishing()]
    assert "a synopsis, here or on the film" in [item.what for item in Review().missing_for_publishing()]


def test_chosen_picture_must_have_its_alternative_text_whatever_the_others_have():
    film = FilmFactory()
    StillFactory(film=film, position=0)
    bare = StillFactory(film=film, position=1, alt="")

    missing = DraftFactory(film=film, lead_image=bare).missing_for_publishing()

    assert [(item.field, item.what[:20]) for item in missing] == [("lead_image", "the alternative text")]


def test_complete_review_misses_nothing_with_or_without_pictures():
    film = FilmFactory()
    assert DraftFactory(film=film).missing_for_publishing() == []

    StillFactory(film=film, alt="", is_decorative=True)

    assert DraftFactory(film=film).missing_for_publishing() == []


@time_machine.travel(NOON, tick=False)
def test_publishing_takes_the_present_moment_and_withdrawing_keeps_it():
    review = DraftFactory()

    review.publish()
    review.refresh_from_db()
    assert (review.state, review.published_at) == (State.PUBLISHED, NOON)

    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        review.withdraw()
        review.refresh_from_db()
        assert (review.state, review.published_at) == (State.WITHDRAWN, NOON)
        assert not Review.objects.published().exists()

        review.publish()
        review.refresh_from_db()
        assert (review.state, review.published_at) == (State.PUBLISHED, NOON)


@time_machine.travel(NOON, tick=False)
def test_publishing_at_a_time_to_come_schedules():
    review = DraftFactory()

    review.publish(at=NOON + timedelta(hours=1))

    assert (review.standing, Review.objects.published().count()) == ("Scheduled", 0)


@time_machine.travel(NOON, tick=False)
def test_scheduled_review_that_is_withdrawn_becomes_a_draft():
    review = ReviewFactory(published_at=NOON + timedelta(hours=1))

    review.withdraw()

    review.refresh_from_db()
    assert review.state == State.DRAFT


def test_publishing_writes_its_own_columns_only():
    review = DraftFactory(headline="Mine")
    Review.objects.filter(pk=review.pk).update(headline="Theirs, meanwhile")

    review.publish()

    review.refresh_from_db()
    assert review.headline == "Theirs, meanwhile"


# --- Addresses


def test_address_of_a_draft_follows_its_headline():
    review = DraftFactory(headline="First thought")
    review.headline = "Second thought"

    review.save()

    assert review.slug == "second-thought"


@pytest.mark.parametrize("state", [State.PUBLISHED, State.WITHDRAWN])
def test_address_that_readers_have_seen_stays(state):
    review = ReviewFactory(headline="First thought", state=state)
    review.headline = "Second thought"

    review.save()

    assert (review.slug, review.was_public) == ("first-thought", True)


@time_machine.travel(NOON, tick=False)
def test_address_of_a_scheduled_review_still_follows():
    review = ReviewFactory(headline="First thought", published_at=NOON + timedelta(days=1))
    review.headline = "Second thought"

    review.save()

    assert (review.slug, review.was_public) == ("second-thought", False)


def test_address_an_editor_changes_redirects_even_when_public():
    review = ReviewFactory(headline="First thought")
    review.slug = "chosen"
    review.save()

    _, redirect = get_or_redirect(Review.objects.published(), "first-thought")

    assert redirect["Location"] == "/reviews/chosen/"


def test_reviews_of_one_film_have_addresses_of_their_own():
    film = FilmFactory(title="Beau travail", year=1999)

    assert [ReviewFactory(film=film).slug for _ in range(2)] == ["beau-travail", "beau-travail-2"]
    assert Review.objects.about(film).count() == 2


# --- What the database refuses


@pytest.mark.parametrize(
    "rating", [Decimal("7"), Decimal("0"), Decimal("0.4"), Decimal("3.3"), Decimal("-1"), Decimal("5.5")]
)
def test_rating_outside_the_ten_is_refused(rating):
    review, capsule = ReviewFactory(), CapsuleFactory()

    for record in (review, capsule):
        record.rating = rating
        assert "A rating goes from 0.5 to 5 in halves." in complaints(record)["rating"]
        assert "rating_in_halves" in refused(type(record).objects.filter(pk=record.pk).update, rating=rating)


@pytest.mark.parametrize("rating", [None, Decimal("0.5"), Decimal("3"), Decimal("4.5"), Decimal("5")])
def test_rating_in_halves_is_kept(rating):
    review = ReviewFactory(rating=rating)

    review.full_clean()
    review.refresh_from_db()
    assert review.rating == rating


@pytest.mark.parametrize("state", [State.PUBLISHED, State.WITHDRAWN])
def test_published_without_a_date_is_refused(state):
    review = DraftFactory()
    review.state = state

    assert complaints(review)["__all__"] == ["What is published needs a date of publication."]
    assert "published_has_date" in refused(review.save)


def test_updated_before_published_is_refused():
    review = ReviewFactory(published_at=NOON)
    review.updated_at = NOON - timedelta(seconds=1)

    assert complaints(review)["__all__"] == ["“Updated” cannot lie before “first published”."]
    assert "updated_after_published" in refused(review.save)


def test_unknown_state_is_refused():
    assert "state_known" in refused(Review.objects.filter(pk=ReviewFactory().pk).update, state="lost")


def test_second_row_of_settings_is_refused():
    Publication(name="Rushes").save()
    Publication(name="Second Reel").save()

    assert Publication.objects.get().name == "Second Reel"
    assert "only_one" in refused(Publication.objects.bulk_create, [Publication(pk=2)])


@pytest.mark.parametrize("length", [0, 101])
def test_page_of_no_or_too_many_reviews_is_refused(length):
    Publication().save()

    assert "page_length" in refused(Publication.objects.update, reviews_per_page=length)
    assert "reviews_per_page" in complaints(Publication(pk=1, reviews_per_page=length))


@pytest.mark.parametrize("field", ["favourite_film", "favourite_director", "guilty_pleasure"])
def test_favourite_is_chosen_or_written_but_not_both(field):
    chosen = PersonFactory() if field == "favourite_director" else FilmFactory()
    author = AuthorFactory(**{field: chosen})
    setattr(author, f"{field}_text", "Something else")

    assert "not both" in complaints(author)["__all__"][0]
    assert f"one_{field}" in refused(author.save)


def test_author_signs_a_review_once():
    author = AuthorFactory()
    review = ReviewFactory(authors=[author])
    again = ReviewByline(review=review, author=author)

    assert complaints(again)["__all__"] == ["This author has signed already."]
    refused(again.save)


def test_author_who_signed_and_film_that_is_reviewed_cannot_be_deleted():
    author = AuthorFactory()
    review = ReviewFactory(authors=[author])

    refused(author.delete)
    refused(review.film.delete)


def test_author_stays_when_the_account_goes():
    user = get_user_model().objects.create_user("ida")
    author = AuthorFactory(user=user)

    user.delete()

    author.refresh_from_db()
    assert author.user is None
    assert Author.objects.count() == 1


# --- Capsules and quotes


def test_author_writes_one_capsule_a_film():
    capsule = CapsuleFactory()
    again = Capsule(film=capsule.film, author=capsule.author, body="<p>Again.</p>")

    assert complaints(again)["__all__"] == ["This author has written a capsule on this film already."]
    refused(again.save)
    CapsuleFactory(film=capsule.film)
    assert capsule.film.capsules.count() == 2


def test_capsule_without_words_is_refused():
    assert "has_words" in refused(CapsuleFactory, body="<p> </p><script>x</script>")


def test_quote_is_typeset_when_it_is_saved():
    quote = CriticQuoteFactory(quote="\"It's 'great'...\"", critic="Conan O'Brien", publication='The "Gazette"')

    quote.refresh_from_db()
    assert (quote.quote, quote.critic, quote.publication) == ("It’s ‘great’…", "Conan O’Brien", "The “Gazette”")
    quote.save()
    assert quote.quote == "It’s ‘great’…"


@pytest.mark.parametrize("words", ["", "  ", '""', "«»"])
def test_quote_without_words_is_refused(words):
    assert "has_words" in refused(CriticQuoteFactory, quote=words)


def test_quote_without_words_is_refused_by_the_form():
    quote = CriticQuote(film=FilmFactory(), quote="“”", publication="The Gazette")

    assert list(complaints(quote)) in (["quote"], ["__all__"])


def test_same_quote_twice_on_a_film_is_refused_however_it_is_quoted():
    quote = CriticQuoteFactory(quote="A great film.")
    again = CriticQuote(film=quote.film, quote='"A great film."', publication="Another")

    assert complaints(again)["__all__"] == ["This quote stands there already."]
    refused(again.save)


# --- What a page prints of a review


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (1, 1), (340, 1), (350, 2), (2300, 10)])
def test_reading_takes_a_minute_for_230_words_and_at_least_one(words, minutes):
    review = Review(body=f"<p>{'word ' * words}</p>")

    assert review.reading_minutes == minutes


def test_headline_and_synopsis_are_the_films_unless_given():
    film = FilmFactory(title="M", synopsis="A city hunts.")

    assert (Review(film=film).title, Review(film=film).synopsis_printed) == ("M", "A city hunts.")
    own = Review(film=film, headline="Whistling", synopsis="Another.")
    assert (own.title, own.synopsis_printed) == ("Whistling", "Another.")


def test_description_is_the_standfirst_unless_given():
    assert Review(standfirst="One.").description == "One."
    assert Review(standfirst="One.", meta_description="Two.").description == "Two."


@pytest.mark.parametrize(
    ("names", "line"),
    [(["Ann"], "Ann"), (["Ann", "Bob"], "Ann and Bob"), (["Cid", "Ann", "Bob"], "Cid, Ann and Bob")],
)
def test_byline_names_the_authors_in_order(names, line):
    review = ReviewFactory(authors=[AuthorFactory(name=name) for name in names])

    assert review.byline() == line
    assert [author["name"] for author in review.author_names] == names
    assert [author["name"] for author in Review.objects.with_authors().get().author_names] == names


def test_body_is_sanitised_however_it_is_saved():
    review = ReviewFactory(body='<p onclick="x()">Fine<script>alert(1)</script></p>')

    review.refresh_from_db()
    assert review.body == "<p>Fine</p>"


def test_lead_image_must_be_of_the_film():
    review = ReviewFactory()
    review.lead_image = StillFactory(film=FilmFactory(title="N", year=1999))

    assert complaints(review)["lead_image"] == ["This still belongs to N (1999). Choose one of this film."]


def test_review_shows_its_chosen_picture_else_the_films_first():
    film = FilmFactory()
    first, second = StillFactory(film=film, position=1), StillFactory(film=film, position=2)

    assert ReviewFactory(film=film).still == first
    assert ReviewFactory(film=film, lead_image=second).still == second
    assert ReviewFactory().still is None


@pytest.mark.parametrize("count", [1, 3])
def test_any_number_of_cards_costs_two_queries(count, django_assert_num_queries):
    for _ in range(count):
        film = FilmFactory(countries=["FR"], directors=[PersonFactory()])
        StillFactory(film=film)
        ReviewFactory(film=film, authors=[AuthorFactory(), AuthorFactory()])

    with django_assert_num_queries(2):
        cards = [
            (review.title, review.still.alt, review.author_names, review.film.directors, review.film.country_names)
            for review in Review.objects.published().for_cards()
        ]

    assert len(cards) == count


def test_reviews_by_an_author_include_those_signed_with_others():
    ann, bob = AuthorFactory(), AuthorFactory()
    alone, together = ReviewFactory(authors=[ann]), ReviewFactory(authors=[bob, ann])
    ReviewFactory(authors=[bob])

    assert set(Review.objects.by(ann)) == {alone, together}


# --- Authors, settings and pages


def test_favourites_are_links_or_words_or_absent():
    film = FilmFactory(title="M", year=1931)
    author = AuthorFactory(favourite_film=film, guilty_pleasure_text="Anything with a dog")

    listed = [(item.label, item.name, item.url) for item in author.favourites()]

    assert listed == [("Favourite film", "M", "/films/m-1931/"), ("Guilty pleasure", "Anything with a dog", "")]


def test_deleted_favourite_leaves_the_author():
    author = AuthorFactory(favourite_film=FilmFactory())

    Film.objects.all().delete()

    author.refresh_from_db()
    assert author.favourites() == []


def test_portrait_of_an_author_needs_its_rights_line():
    portrait = AuthorPortrait(author=AuthorFactory(), image=picture_file())

    assert complaints(portrait)["credit"] == ["Say who made the portrait."]


def test_links_are_read_line_by_line():
    assert read_links("Mastodon: https://social.example/@us\n\n Mail : mailto:us@reviews.example ") == [
        Link("Mastodon", "https://social.example/@us"),
        Link("Mail", "mailto:us@reviews.example"),
    ]


@pytest.mark.parametrize(
    "line",
    ["https://social.example", "Name:", ": https://a.example", "A: javascript:alert(1)", "A: mailto:nobody", "words"],
)
def test_bad_link_is_refused_with_its_line(line):
    with pytest.raises(ValidationError, match="Line 2: write a name, a colon and an address"):
        read_links(f"Mastodon: https://social.example/@us\n{line}")


def test_settings_have_defaults_before_anybody_saved_them():
    assert (Publication.current().name, Publication.current().show_ratings) == ("Rushes", True)


def test_settings_bring_the_footer_in_one_query(django_assert_num_queries):
    Publication(name="Second Reel").save()
    Page.objects.create(title="About", position=2)
    Page.objects.create(title="Contact", position=1)
    Page.objects.create(title="Hidden", is_public=False)
    Page.objects.create(title="Unlisted", show_in_footer=False)

    with django_assert_num_queries(1):
        footer = Publication.current().footer_rows

    assert [row["title"] for row in footer] == ["Contact", "About"]


def test_page_cannot_take_the_place_of_a_part_of_the_site():
    assert "is a part of the site itself" in complaints(Page(title="Films"))["slug"][0]


def test_moment_of_creation_and_change_are_kept():
    with time_machine.travel(NOON, tick=False):
        review = DraftFactory()
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        review.save()

    assert (review.created_at, review.changed_at) == (NOON, NOON + timedelta(days=1))
    assert timezone.is_aware(review.changed_at)
