"""Who gets a review, and the sentences that say why."""

from datetime import timedelta

import pytest
from django.utils import timezone
from taggit.models import Tag

from reviews.models import Season, SeasonEntry
from subscriptions.matching import FOLLOWABLE, count_recipients, reasons_for, recipients
from subscriptions.models import Follow
from subscriptions.models.follow import KINDS
from tests.factories import (
    AuthorFactory,
    CreditFactory,
    FilmFactory,
    LeftSubscriberFactory,
    PersonFactory,
    ReviewFactory,
    SubscriberFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def review():
    film = FilmFactory(year=1975, countries=["FR"], directors=[PersonFactory(name="Claire Denis")])
    CreditFactory(film=film, person=PersonFactory(name="Agnès Godard"), role="cinematographer")
    SeasonEntry.objects.create(season=Season.objects.create(title="Winter with Denis", is_public=True), film=film)
    return ReviewFactory(film=film, authors=[AuthorFactory(name="Ada")], tag_names=["noir"])


def follow(reader, **what):
    Follow.objects.create(subscriber=reader, **what)


def things(review) -> dict:
    """What of the review can be followed: a value of each kind, with the sentence."""
    credits = {credit.person.name: credit.person for credit in review.film.credits.all()}
    return {
        "person": (credits["Claire Denis"], "You follow Claire Denis"),
        "author": (review.authors()[0], "You follow Ada"),
        "tag": (Tag.objects.get(name="noir"), "You follow noir"),
        "country": ("FR", "You follow films from France"),
        "decade": (1970, "You follow films of the 1970s"),
        "season": (Season.objects.get(), "You follow Winter with Denis"),
    }


def test_every_kind_that_can_be_followed_is_matched():
    assert list(FOLLOWABLE) == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_follower_of_only_one_thing_gets_the_review_and_is_told_why(review, kind):
    reader = SubscriberFactory(only_followed=True)
    value, sentence = things(review)[kind]
    follow(reader, **{kind: value})

    assert reasons_for(reader, review) == [sentence]
    assert list(recipients(review)) == [reader]


def test_person_is_matched_in_any_role(review):
    reader = SubscriberFactory(only_followed=True)
    follow(reader, person=review.film.credits.get(role="cinematographer").person)

    assert reasons_for(reader, review) == ["You follow Agnès Godard"]


def test_reader_who_matches_in_every_way_is_found_once_with_all_reasons(review):
    reader = SubscriberFactory()
    for kind, (value, _sentence) in things(review).items():
        follow(reader, **{kind: value})

    assert list(recipients(review)) == [reader]
    assert count_recipients(review) == 1
    assert reasons_for(reader, review) == [
        "You follow Claire Denis",
        "You follow Ada",
        "You follow noir",
        "You follow films from France",
        "You follow films of the 1970s",
        "You follow Winter with Denis",
        "You asked for every review",
    ]


def test_follower_of_other_things_gets_nothing(review):
    other = ReviewFactory(film=review.film)  # of the same film, by another author
    reader = SubscriberFactory(only_followed=True)
    follow(reader, author=other.authors()[0])
    follow(reader, country="IT")

    assert reasons_for(reader, review) == []
    assert not recipients(review)


def test_only_readers_who_receive_each_review_get_a_letter_of_its_own(review):
    each = SubscriberFactory()
    SubscriberFactory(rhythm="weekly")
    daily = SubscriberFactory(rhythm="daily", only_followed=True)
    follow(daily, country="FR")
    SubscriberFactory(rhythm="daily", only_followed=True)
    SubscriberFactory(paused_until=timezone.now() + timedelta(days=1))
    LeftSubscriberFactory()

    assert list(recipients(review)) == [each]
    assert [count_recipients(review, choice) for choice in ("now", "at", "digest", "none")] == [1, 1, 2, 0]


def test_counting_costs_the_same_however_many_readers(review, django_assert_num_queries):
    count_recipients(review)  # the content type is looked up once
    SubscriberFactory.create_batch(3)
    with django_assert_num_queries(7):
        assert count_recipients(review) == 3


def test_follower_of_a_season_not_shown_yet_gets_nothing(review):
    reader = SubscriberFactory(only_followed=True)
    follow(reader, season=Season.objects.get())
    Season.objects.update(is_public=False)

    assert reasons_for(reader, review) == []
