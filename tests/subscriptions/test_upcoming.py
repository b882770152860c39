"""The next letter as a reader's page foresees it: what does come, and nothing that does not."""

from datetime import UTC, datetime, timedelta

import pytest

from subscriptions import control, releases
from subscriptions.models import Follow, Mailing
from subscriptions.upcoming import next_letter
from tests.factories import FilmFactory, ReviewFactory, SubscriberFactory

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _somewhere(settings):
    settings.TIME_ZONE = "UTC"


def at(day: int, hour: int = 0) -> datetime:
    """A moment of the week that begins on MONDAY, and of those after it."""
    return MONDAY + timedelta(days=day, hours=hour)


def reader(rhythm, **values):
    return SubscriberFactory(**({"rhythm": rhythm, "day": 4, "hour": 8, "confirmed_at": LONG_AGO} | values))


def decided(moment: datetime, choice: str, **values):
    """A review made public at a moment, with what was decided about mail for it then."""
    review = ReviewFactory(published_at=moment, **values)
    releases.decide(review, choice, now=moment)
    return review


def foreseen(subscriber, now: datetime) -> list:
    return [review for review, _reasons in next_letter(subscriber, now).reviews]


def test_digest_with_what_it_would_hold_and_why():
    weekly = reader("weekly")
    Follow.objects.create(subscriber=weekly, country="FR")
    review = decided(at(1), "digest", film=FilmFactory(countries=["FR"]))
    assert foreseen(weekly, at(1)) == []

    releases.release_due(at(1))

    letter = next_letter(weekly, at(2))
    assert letter.reviews == [(review, ["You follow films from France"])]
    assert letter.at == at(4, 8)


def test_digest_holds_what_has_not_come_yet():
    weekly = reader("weekly")
    review = decided(at(4, 9), "digest")
    releases.release_due(at(4, 9))

    assert foreseen(weekly, at(11, 7)) == [review]
    assert foreseen(weekly, at(11, 8)) == [review]  # nobody sent it: the letter of the third Friday makes up for it


@pytest.mark.parametrize(
    ("rhythm", "now", "comes"),
    [
        ("weekly", at(4, 7), at(4, 8)),
        ("weekly", at(4, 8), at(11, 8)),
        ("daily", at(4, 7), at(4, 8)),
        ("daily", at(4, 8), at(5, 8)),
    ],
)
def test_digest_comes_at_the_next_hour_that_was_chosen(rhythm, now, comes):
    assert next_letter(reader(rhythm), now).at == comes


def test_who_gets_every_review_is_promised_nothing_of_the_digests():
    each = reader("each")
    decided(at(1), "digest")
    decided(at(1), "none")
    releases.release_due(at(1))

    assert next_letter(each, at(1)).reviews == []
    assert next_letter(each, at(1)).at is None


def test_who_gets_every_review_sees_what_is_on_its_way_until_it_is_sent():
    each = reader("each")
    review = decided(at(1), "now")
    assert foreseen(each, at(1)) == [review]

    releases.release_due(at(1))
    for state in ("waiting", "held", "preparing"):
        Mailing.objects.update(state=state)
        assert foreseen(each, at(1)) == [review]

    Mailing.objects.update(state="done")
    assert foreseen(each, at(1)) == []


def test_letter_that_an_editor_stops_is_promised_no_more():
    each = reader("each")
    decided(at(1), "now")
    releases.release_due(at(1))

    control.cancel(Mailing.objects.get())

    assert foreseen(each, at(1)) == []


def test_review_that_is_not_public_yet_is_not_given_away():
    each = reader("each")
    review = ReviewFactory(published_at=at(2))
    releases.decide(review, "now", now=at(1))

    assert foreseen(each, at(1)) == []
    assert foreseen(each, at(2)) == [review]


def test_review_back_dated_after_the_decision_is_never_mailed_and_not_promised():
    each = reader("each")
    review = decided(at(5), "now")
    type(review).objects.filter(pk=review.pk).update(published_at=at(1))

    assert foreseen(each, at(5)) == []


def test_who_follows_sees_only_what_has_to_do_with_it():
    each = reader("each", only_followed=True)
    Follow.objects.create(subscriber=each, country="FR")
    review = decided(at(1), "now", film=FilmFactory(countries=["FR"]))
    decided(at(1), "now", film=FilmFactory(countries=["JP"]))

    assert next_letter(each, at(1)).reviews == [(review, ["You follow films from France"])]


def test_looking_ahead_costs_as_much_for_one_review_as_for_three(django_assert_num_queries):
    each = reader("each")
    for number in (1, 2):
        for _ in range(number):
            decided(at(1), "now", film=FilmFactory(countries=["FR"]))
        with django_assert_num_queries(12):
            next_letter(each, at(1))
