"""Digests: no review twice and none missed, in whatever order letters are held, paused, lost and sent."""

import itertools
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from reviews.models import State as ReviewState
from subscriptions import control, digests, following, opt_in, preferences, preparing, sending
from subscriptions.forms import RhythmForm
from subscriptions.models import Delivery, Follow, Mailing, Subscriber
from tests.factories import FilmFactory, SignUpFactory
from tests.subscriptions.mailings import send_all
from tests.subscriptions.week import at, film, got, reader, release, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("week")]


def begun(moment) -> Mailing:
    """The digest of a moment, about to be prepared."""
    with time_machine.travel(moment):
        digests.make_due(moment)
        sending.start_due(moment)
        return Mailing.objects.filter(kind="digest").latest("slot")


def prepared_in_part(moment, monkeypatch) -> Mailing:
    """A digest of which one reader's row is written, and then the worker's time is over."""
    mailing, clock = begun(moment), itertools.count()
    monkeypatch.setattr(preparing, "BATCH", 1)
    with time_machine.travel(moment), monkeypatch.context() as patch:
        patch.setattr(preparing, "monotonic", lambda: next(clock))
        preparing.prepare(mailing, seconds=1.5)
    assert mailing.deliveries.count() == 1
    return mailing


def withdrawn(review) -> None:
    review.state = ReviewState.DRAFT
    review.save()


def shown_again(review) -> None:
    review.state = ReviewState.PUBLISHED
    review.save()


def chooses(subscriber, moment, rhythm: str, **values) -> None:
    """What a reader saves on their own page."""
    data = {"rhythm": rhythm, "day": subscriber.day, "hour": subscriber.hour, "only_followed": "no"} | values
    with time_machine.travel(moment):
        subscriber.refresh_from_db()
        form = RhythmForm(data, instance=subscriber)
        assert form.is_valid()
        form.save()


def signs_up(subscriber) -> None:
    """Asks for everything with the form of a page, and presses the button in the mail."""
    signup = SignUpFactory(address=subscriber.address, asked_at=timezone.now())
    assert opt_in.confirm(signup) == subscriber


# --- While a digest is prepared


def test_review_withdrawn_while_it_is_prepared_moves_no_other_into_its_place(smtp_server, monkeypatch):
    first, second = reader("daily"), reader("daily")
    release(at(0, 5), film=film("Gaslight"))
    gone = release(at(0, 6), film=film("Laura"))
    mailing = prepared_in_part(at(0, 8), monkeypatch)

    withdrawn(gone)
    run(at(0, 8, 1))

    mailing.refresh_from_db()
    assert [item["title"] for item in mailing.content["items"]] == ["Laura", "Gaslight"]
    assert got(first) == got(second) == [["Gaslight"]]


def test_review_that_appears_while_it_is_prepared_is_for_the_next(smtp_server, monkeypatch):
    first, second = reader("daily"), reader("daily")
    back = release(at(0, 5), film=film("Gaslight"))
    withdrawn(back)
    release(at(0, 6), film=film("Laura"))
    prepared_in_part(at(0, 8), monkeypatch)

    shown_again(back)
    run(at(0, 8, 1))
    run(at(1, 8))

    assert got(first) == got(second) == [["Laura"], ["Gaslight"]]


def test_second_worker_goes_by_the_snapshot_that_is_kept(smtp_server):
    daily = reader("daily")
    release(at(0, 5), film=film("Gaslight"))
    hidden = release(at(0, 6), film=film("Laura"))
    mailing = begun(at(0, 8))
    content = preparing.DigestPlan.content

    with pytest.MonkeyPatch.context() as patch:

        def slower(plan):
            own = content(plan)
            withdrawn(hidden)
            patch.undo()
            preparing.prepare(Mailing.objects.get(), seconds=0)
            return own

        patch.setattr(preparing.DigestPlan, "content", slower)
        with time_machine.travel(at(0, 8)):
            preparing.prepare(mailing)
            send_all(mailing)

    assert [item["title"] for item in mailing.content["items"]] == ["Gaslight"]
    assert got(daily) == [["Gaslight"]]


def test_review_withdrawn_before_a_prepared_digest_goes_out_is_left_out(smtp_server):
    both, one = reader("daily"), reader("daily", only_followed=True)
    Follow.objects.create(subscriber=one, country="US")
    gone = release(at(0, 5), film=FilmFactory(title="Laura", countries=["US"]))
    release(at(0, 6), film=FilmFactory(title="Gaslight", countries=["GB"]))
    mailing = begun(at(0, 8))
    with time_machine.travel(at(0, 8)):
        preparing.prepare(mailing)
        control.pause(mailing)
        withdrawn(gone)
        control.resume(mailing)
        send_all(mailing)

    assert got(both) == [["Gaslight"]]
    assert one.deliveries.get().answer == "Its reviews are not public any more"

    shown_again(gone)
    run(at(1, 8))
    assert got(both) == [["Gaslight"], ["Laura"]]
    assert got(one) == [["Laura"]]


def test_review_back_dated_after_it_was_released_is_in_no_digest(smtp_server):
    daily = reader("daily")
    old = release(at(0, 5), film=film("Laura"))
    release(at(0, 6), film=film("Gaslight"))
    old.published_at -= timedelta(days=3000)
    old.save()
    run(at(0, 8))

    assert got(daily) == [["Gaslight"]]


def test_time_zone_changed_meanwhile_it_goes_to_those_it_was_made_for(smtp_server, settings):
    daily, later = reader("daily", hour=8), reader("daily", hour=13)
    release(at(0, 5), film=film("Gaslight"))
    begun(at(0, 8))
    settings.TIME_ZONE = "Asia/Kolkata"
    run(at(0, 8, 1))

    assert got(daily) == [["Gaslight"]]
    assert got(later) == []


# --- Nothing twice


def test_held_digest_sent_late_repeats_nothing_of_a_later_one(smtp_server):
    daily = reader("daily")
    release(at(0, 7), film=film("Gaslight"))
    with time_machine.travel(at(0, 8)):
        digests.make_due(at(0, 8))
        control.hold_everything("Perhaps a copy.")
    release(at(1, 7), film=film("Laura"))
    run(at(1, 8))
    with time_machine.travel(at(1, 9)):
        control.resume(Mailing.objects.get(state="held"))
    run(at(1, 9))

    assert got(daily) == [["Laura", "Gaslight"]]


def test_digest_paused_while_it_was_prepared_repeats_nothing_of_a_later_one(smtp_server, monkeypatch):
    first, second = reader("daily"), reader("daily")
    release(at(0, 7), film=film("Gaslight"))
    mailing = prepared_in_part(at(0, 8), monkeypatch)
    control.pause(mailing)
    release(at(1, 7), film=film("Laura"))
    run(at(1, 8))
    with time_machine.travel(at(1, 9)):
        control.resume(mailing)
    run(at(1, 9))

    assert sorted(got(first)) == [["Gaslight"], ["Laura"]]
    assert got(second) == [["Laura", "Gaslight"]]


def test_retrying_leaves_out_what_the_next_digest_made_up_for(smtp_server):
    daily = reader("daily")
    release(at(0, 7), film=film("Gaslight"))
    [first] = run(at(0, 8))
    first.deliveries.update(state="failed")
    release(at(1, 7), film=film("Laura"))
    run(at(1, 8))

    with time_machine.travel(at(1, 9)):
        assert control.retry_failed(first) == 0

    assert got(daily) == [["Laura", "Gaslight"]]
    assert first.deliveries.get().answer == "It came in another letter"


def test_retrying_still_sends_what_came_in_no_other_letter(smtp_server):
    daily = reader("daily")
    older, _newer = release(at(0, 6), film=film("Gaslight")), release(at(0, 7), film=film("Laura"))
    [first] = run(at(0, 8))
    first.deliveries.update(state="failed")
    withdrawn(older)
    run(at(1, 8)), release(at(1, 9)), run(at(2, 8))
    shown_again(older)

    with time_machine.travel(at(2, 9)):
        assert control.retry_failed(first) == 1
        send_all(first)

    assert [titles for titles in got(daily) if "Gaslight" in titles] == [["Gaslight"]]


def test_work_of_retrying_is_by_batches(smtp_server, monkeypatch, django_assert_num_queries):
    for _ in range(6):
        reader("daily")
    release(at(0, 7))
    [mailing] = run(at(0, 8))
    mailing.deliveries.update(state="failed")
    release(at(1, 7))
    run(at(1, 8))
    monkeypatch.setattr(digests, "BATCH", 3)

    with django_assert_num_queries(3 + 2 * 3 + 1):  # which letters; by batch the rows, the others and the mark; the end
        digests.leave_out_had(mailing, Delivery.State.FAILED)


def test_change_of_rhythm_between_two_digests_of_one_hour_repeats_nothing(smtp_server):
    changes, _other = reader("daily", day=0), reader("weekly", day=0)
    release(at(0, 7), film=film("Gaslight"))
    with time_machine.travel(at(0, 8)):
        digests.make_due(at(0, 8))
        sending.start_due(at(0, 8))
        preparing.prepare(Mailing.objects.get(rhythm="daily"))
    chooses(changes, at(0, 8), "weekly")
    run(at(0, 8, 1))

    assert got(changes) == [["Gaslight"]]


# --- Nothing missed


def test_review_that_was_not_public_at_the_hour_comes_with_the_next(smtp_server):
    daily = reader("daily")
    release(at(0, 7), film=film("Gaslight"))
    back = release(at(0, 7, 30), film=film("Laura"))
    withdrawn(back)
    run(at(0, 8))
    shown_again(back)
    release(at(1, 6), film=film("Ossessione"))
    run(at(1, 8)), run(at(2, 8))

    assert got(daily) == [["Gaslight"], ["Ossessione", "Laura"]]


def test_failed_first_digest_is_made_up_for(smtp_server):
    daily = reader("daily")
    release(at(0, 7), film=film("Gaslight"))
    run(at(0, 8))
    Delivery.objects.update(state="failed")
    release(at(2, 7), film=film("Laura"))
    run(at(1, 8)), run(at(2, 8))

    assert sorted(itertools.chain(*got(daily))) == ["Gaslight", "Laura"]


def test_change_of_the_day_misses_nothing(smtp_server):
    weekly = reader("weekly", day=4)
    release(at(4, 9), film=film("Gaslight"))
    run(at(10, 8))
    chooses(weekly, at(10, 9), "weekly", day=3)  # a Thursday: that of this week is over
    for day in range(11, 25):
        run(at(day, 8))

    assert got(weekly) == [["Gaslight"]]


def test_worker_away_over_the_hour_misses_nothing(smtp_server):
    weekly = reader("weekly", day=4)
    release(at(3, 9), film=film("Gaslight"))
    run(at(3, 10)), run(at(5, 9)), run(at(11, 8))

    assert got(weekly) == [["Gaslight"]]


def test_change_to_every_review_brings_the_rest_in_one_last_digest(smtp_server):
    changes = reader("weekly")
    release(at(0, 7), choice="now", film=film("Gaslight"))
    run(at(0, 9))
    chooses(changes, at(1, 7), "each")
    release(at(1, 9), choice="digest", film=film("Ossessione"))
    release(at(1, 10), choice="now", film=film("Laura"))
    for day in range(1, 9):
        run(at(day, 8)), run(at(day, 12))

    assert got(changes) == [["Gaslight"], ["Laura"]]
    reasons = changes.deliveries.earliest("pk").reasons["reasons"]
    assert reasons == ["You get every review by itself from now on; this is what came before"]


def test_change_from_every_review_brings_no_old_ones_that_were_for_digests(smtp_server):
    changes = reader("each")
    release(at(0, 7), choice="digest", film=film("Gaslight"))
    release(at(8, 7), choice="now", film=film("Laura"))
    run(at(8, 8))
    chooses(changes, at(9), "weekly")
    release(at(9, 7), choice="digest", film=film("Ossessione"))
    run(at(11, 8))

    assert got(changes) == [["Laura"], ["Ossessione"]]


def test_changing_ones_mind_twice_misses_nothing(smtp_server):
    changes = reader("weekly")
    release(at(1), film=film("Gaslight"))
    chooses(changes, at(2), "each")
    chooses(changes, at(2, 0, 1), "weekly")
    run(at(4, 8))

    assert got(changes) == [["Gaslight"]]


def test_wanting_more_brings_nothing_that_is_weeks_old(smtp_server):
    follower, narrow = (reader("weekly", only_followed=True) for _ in range(2))
    release(at(0, 7), film=FilmFactory(title="Beau travail", countries=["FR"]))
    run(at(4, 8)), run(at(11, 8))
    release(at(15), film=FilmFactory(title="Trouble Every Day", countries=["FR"]))
    with time_machine.travel(at(16)):
        following.add(follower, following.read("country:FR"))
    chooses(narrow, at(16), "weekly")
    run(at(18, 8))

    assert got(follower) == got(narrow) == [["Trouble Every Day"]]


def test_signing_up_for_everything_brings_nothing_that_is_weeks_old(smtp_server):
    narrow = reader("weekly", only_followed=True)
    release(at(0, 7), film=film("Gaslight"))
    run(at(4, 8)), run(at(11, 8))
    release(at(15), film=film("Laura"))
    with time_machine.travel(at(16)):
        signs_up(narrow)
    run(at(18, 8))

    assert got(narrow) == [["Laura"]]


# --- Pausing


def test_what_was_missed_in_a_pause_does_not_come_afterwards(smtp_server):
    weekly, daily = reader("weekly"), reader("daily")
    with time_machine.travel(at(1)):
        for paused in (weekly, daily):
            preferences.pause(paused, 2)
    release(at(3), film=film("Gaslight"))
    release(at(12), film=film("Laura"))
    for day in range(1, 19):
        run(at(day, 8))

    assert got(weekly) == [["Laura"]]  # for the digest of the Friday after the pause
    assert got(daily) == []


def test_pause_that_is_ended_at_once_misses_nothing(smtp_server):
    weekly = reader("weekly")
    release(at(0, 7), film=film("Gaslight"))
    with time_machine.travel(at(1)):
        preferences.pause(weekly, 8)
    with time_machine.travel(at(1) + timedelta(minutes=1)):
        preferences.pause(weekly, 0)
    run(at(4, 8))

    assert got(weekly) == [["Gaslight"]]
    assert Subscriber.objects.get().paused_until is None


def test_who_left_in_a_pause_and_signs_up_again_begins_anew(smtp_server):
    again = reader("weekly")
    with time_machine.travel(at(1)):
        preferences.pause(again, 8)
        preferences.leave(again, None, "Button")
        signs_up(again)
    chooses(again, at(1, 1), "weekly")
    release(at(2), film=film("Gaslight"))
    run(at(4, 8))

    assert got(again) == [["Gaslight"]]
