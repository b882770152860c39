"""Digests: at each reader's hour, what is new since their last, and nothing twice."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from subscriptions import digests
from subscriptions.models import Follow, Mailing, SendingPermit
from tests.factories import FilmFactory, ReviewFactory
from tests.subscriptions.week import at, film, got, reader, release, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("week")]


def test_weekly_letter_holds_the_reviews_of_the_week_newest_first(smtp_server):
    friday = reader()
    release(at(1), film=film("Gaslight"))
    release(at(2), film=film("Laura"))

    assert run(at(4, 7, 59)) == []
    [digest] = run(at(4, 8, 1))

    assert (digest.rhythm, digest.slot) == ("weekly", at(4, 8))
    assert got(friday) == [["Laura", "Gaslight"]]
    assert smtp_server.recipients() == {friday.address: 1}
    assert friday.deliveries.get().reasons["reasons"] == ["You asked for a letter once a week"]


def test_digest_is_made_once_however_often_it_is_asked_for(smtp_server):
    reader(), release(at(1))

    run(at(4, 8))
    run(at(4, 8))
    SendingPermit.objects.update(digests_until=at(4, 7))
    run(at(4, 8, 5))

    assert Mailing.objects.count() == 1
    assert len(smtp_server.taken) == 1


def test_fresh_site_begins_with_the_hour_after_the_first_look(smtp_server):
    SendingPermit.objects.all().delete()
    daily = reader("daily")
    release(at(1, 7), film=film("Laura"))

    assert run(at(1, 8, 30)) == []
    run(at(2, 8))
    assert got(daily) == [["Laura"]]


def test_no_letter_where_nothing_is_new(smtp_server):
    weekly, release_time = reader(), at(1)
    release(release_time)
    run(at(4, 8))

    assert run(at(11, 8)) == []
    assert Mailing.objects.count() == 1
    assert len(got(weekly)) == 1


def test_each_letter_goes_on_where_the_last_ended(smtp_server):
    daily = reader("daily", hour=8)
    release(at(1, 7), film=film("Gaslight"))
    run(at(1, 8))
    release(at(1, 8, 30), film=film("Laura"))
    run(at(2, 8))
    run(at(3, 8))
    release(at(4, 7), film=film("Ossessione"))
    run(at(4, 8, 20))

    assert got(daily) == [["Gaslight"], ["Laura"], ["Ossessione"]]


def test_late_worker_makes_the_digest_it_missed(smtp_server):
    daily = reader("daily", hour=8)
    release(at(1, 7), film=film("Gaslight"))
    release(at(1, 9), film=film("Laura"))

    run(at(1, 11))

    assert got(daily) == [["Gaslight"]]  # Laura is for tomorrow


def test_hours_missed_for_more_than_a_day_are_made_up_for_by_the_next(smtp_server):
    daily = reader("daily", hour=8)
    release(at(1, 7), film=film("Gaslight"))
    run(at(1, 8))
    release(at(2, 7), film=film("Laura"))

    run(at(6, 8, 10))

    assert got(daily) == [["Gaslight"], ["Laura"]]


def test_who_joins_in_the_middle_gets_only_what_came_later(smtp_server):
    newcomer = reader(confirmed_at=at(2))
    release(at(1), film=film("Gaslight"))
    release(at(3), film=film("Laura"))

    run(at(4, 8))

    assert got(newcomer) == [["Laura"]]


def test_newcomer_whose_first_letter_was_lost_has_it_made_up_for(smtp_server):
    newcomer = reader("daily", confirmed_at=at(0, 6))
    release(at(0, 7), film=film("Gaslight"))
    SendingPermit.objects.update(digests_until=at(0, 8))  # nothing was made at eight
    release(at(0, 9), film=film("Laura"))

    run(at(1, 8))

    assert got(newcomer) == [["Laura", "Gaslight"]]


def test_change_of_rhythm_repeats_nothing(smtp_server):
    changes = reader("each")
    with time_machine.travel(at(1)):
        release(at(1), choice="now", film=film("Gaslight"))
        run(at(1))
    type(changes).objects.update(rhythm="daily")
    release(at(1, 3), film=film("Laura"))
    run(at(1, 8))
    type(changes).objects.update(rhythm="weekly")
    release(at(3), film=film("Ossessione"))
    run(at(4, 8))

    assert got(changes) == [["Gaslight"], ["Laura"], ["Ossessione"]]


def test_letter_of_its_own_leaves_out_who_had_the_review_in_a_digest(smtp_server):
    daily, each = reader("daily"), reader("each")
    review = release(at(1, 7, 58), choice="now", film=film("Gaslight"))
    Mailing.objects.filter(review=review).update(due_at=at(1, 8, 3))
    run(at(1, 8, 1))
    type(daily).objects.filter(pk=daily.pk).update(rhythm="each")

    run(at(1, 8, 4))

    assert got(daily) == got(each) == [["Gaslight"]]


def test_review_that_can_still_be_stopped_is_in_no_digest(smtp_server, settings):
    settings.NEWSLETTER_GRACE_MINUTES = 5
    daily = reader("daily")
    release(at(1, 7, 58), film=film("Gaslight"))
    run(at(1, 8))
    assert got(daily) == []

    run(at(2, 8))
    assert got(daily) == [["Gaslight"]]


def test_review_withdrawn_or_not_to_be_sent_is_left_out(smtp_server):
    daily = reader("daily")
    release(at(1, 1), film=film("Gaslight")).withdraw()
    release(at(1, 2), choice="none", film=film("Laura"))
    ReviewFactory(published_at=at(1, 3), film=film("Imported"))
    release(at(1, 4), film=film("Ossessione"))

    run(at(1, 8))

    assert got(daily) == [["Ossessione"]]


def test_who_wants_only_what_they_follow_gets_only_that(smtp_server):
    follower = reader("daily", only_followed=True)
    Follow.objects.create(subscriber=follower, country="FR")
    release(at(1, 1), film=FilmFactory(title="Laura", countries=["US"]))
    release(at(1, 2), film=FilmFactory(title="Beau travail", countries=["FR"]))
    nobodys = reader("daily", only_followed=True)

    run(at(1, 8))

    assert got(follower) == [["Beau travail"]]
    assert follower.deliveries.get().reasons["reasons"] == ["You follow films from France"]
    assert got(nobodys) == []


def test_digest_for_nobody_leaves_no_trace():
    reader("daily", only_followed=True)
    release(at(1, 1))

    assert run(at(1, 8)) == []
    assert not Mailing.objects.exists()


def test_hour_is_that_of_the_publications_time_zone(settings):
    settings.TIME_ZONE = "America/New_York"
    found = digests.hours_between(at(1, 12, 59), at(1, 13))

    assert found == {at(1, 13): {(1, 8)}}


@pytest.mark.parametrize(
    ("night", "expected"),
    [
        # 29 March 2026: from 01:00 to 02:00 there is no hour in London; who chose it gets the letter at 02:00.
        (datetime(2026, 3, 28, 23, 59, tzinfo=UTC), [{0}, {1, 2}, {3}]),
        # 25 October 2026: the hour from 01:00 comes twice, and counts once.
        (datetime(2026, 10, 24, 22, 59, tzinfo=UTC), [{0}, {1}, {2}]),
    ],
)
def test_each_hour_comes_once_in_the_nights_when_clocks_change(settings, night, expected):
    settings.TIME_ZONE = "Europe/London"

    found = digests.hours_between(night, night + timedelta(hours=5))

    hours = [{hour for _day, hour in walls} for walls in found.values()]
    assert hours[:3] == expected
    assert sorted(hour for walls in hours for hour in walls) == list(range(len([h for walls in hours for h in walls])))


def test_work_for_a_batch_is_constant(django_assert_num_queries):
    for hour in range(3):
        release(at(1, hour))
    readers = [reader("daily") for _ in range(5)]
    digest = digests.Digest("daily", at(1, 8))
    digest.choose(readers)

    with django_assert_num_queries(3):
        assert set(digest.choose(readers)) == {each.pk for each in readers}
    assert timezone.is_aware(digest.oldest)
