"""The page of one's own: what comes, and when."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.utils import timezone

from subscriptions.models import Consent, Subscriber
from subscriptions.upcoming import NextLetter
from tests.factories import FilmFactory, LeftSubscriberFactory, ReviewFactory, SubscriberFactory
from tests.subscriptions.pages import at, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("publication")]


def test_page_is_for_its_reader_alone_and_shows_no_address(own, subscriber):
    response = own.get(at(subscriber))

    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"
    assert b'<meta name="robots" content="noindex, nofollow">' in response.content
    assert b"canonical" not in response.content
    assert b"ada@example.org" not in response.content
    assert "a…@example.org" in response.content.decode()
    assert response.cookies == {}


def test_foreign_and_forged_addresses_of_pages_help_and_change_nothing(own, subscriber):
    other = SubscriberFactory()
    number, mac = subscriber.token("letters").split("-")
    forged = [f"{number}-{mac[:n]}{'0' if mac[n] != '0' else '1'}{mac[n + 1 :]}" for n in range(32)]
    forged += [f"{other.pk}-{mac}", subscriber.token("leave"), "x" * 5000, "1-é", "%00", f"{number}-{mac}0"]

    for token in forged:
        for part in ("", "follow/", "unfollow/", "pause/", "move/", "download/", "erase/"):
            response = own.post(
                f"/letters/{token}/{part}", {"email": "eve@example.org", "weeks": "2", "rhythm": "daily"}
            )
            assert response.status_code == 404, (token, part)
            assert b"example.org" not in response.content
    assert Subscriber.objects.filter(rhythm="each", paused_until=None).count() == 2


def test_rhythm_is_changed_and_noted(own, subscriber):
    choice = {"rhythm": "weekly", "day": "6", "hour": "23", "only_followed": "yes"}

    response = own.post(at(subscriber), choice, follow=True)

    subscriber.refresh_from_db()
    assert (subscriber.rhythm, subscriber.day, subscriber.hour, subscriber.only_followed) == ("weekly", 6, 23, True)
    assert response.redirect_chain == [(at(subscriber, "?done=saved"), 303)]
    assert "no letter comes" in text_of(response)
    checked = BeautifulSoup(response.content, "html.parser").select("input[checked]")
    assert [field["value"] for field in checked] == ["weekly", "yes"]
    consent = subscriber.consents.get()
    assert (consent.what, consent.proof) == (Consent.What.CHANGED, "Once a week, only what they follow")


@pytest.mark.parametrize(
    "wrong",
    [
        {"rhythm": "hourly"},
        {"day": "7"},
        {"hour": "-1"},
        {"hour": "\x00"},
        {"day": "9" * 5000},
        {"only_followed": ""},
        {},
    ],
    ids=str,
)
def test_what_is_not_offered_is_not_saved(own, subscriber, wrong):
    choice = {"rhythm": "daily", "day": "1", "hour": "2", "only_followed": "no"} | wrong if wrong else {}

    response = own.post(at(subscriber), choice)

    assert response.status_code == 422
    assert "Nothing was changed" in text_of(response)
    assert Subscriber.objects.get().rhythm == "each"


def test_saving_the_rhythm_does_not_bring_back_who_left_meanwhile(own, subscriber):
    subscriber.leave()

    own.post(at(subscriber), {"rhythm": "daily", "day": "1", "hour": "2", "only_followed": "no"})

    assert Subscriber.objects.get().state == "left"


def test_search_leads_to_the_page_itself_even_from_a_page_that_shows_a_fault(own, subscriber):
    for page in (own.get(at(subscriber)), own.post(at(subscriber, "move/"), {"email": "ada"})):
        search = BeautifulSoup(page.content, "html.parser").find("form", role="search", attrs={"aria-label": True})

        assert search["action"] == at(subscriber, "#follows")


@pytest.mark.parametrize("part", ["follow/", "unfollow/", "pause/", "move/", "download/"])
def test_reload_of_a_page_that_showed_a_fault_leads_to_the_page_of_letters(own, subscriber, part):
    response = own.get(at(subscriber, part))

    assert (response.status_code, response["Location"]) == (303, at(subscriber))
    assert own.put(at(subscriber, part)).status_code == 405


# --- The next letter


def test_next_letter_is_shown_with_its_reasons(own, subscriber, monkeypatch):
    review = ReviewFactory(film=FilmFactory(title="Beau Travail"))
    letter = NextLetter([(review, ["You follow Claire Denis"])])
    monkeypatch.setattr("subscriptions.upcoming.next_letter", lambda who: letter)

    said = text_of(own.get(at(subscriber)))

    assert "Beau Travail One sentence to underline. You follow Claire Denis" in said


def test_hour_of_the_next_digest_is_said_in_the_publications_time(own, subscriber, settings):
    settings.TIME_ZONE = "Europe/Paris"
    Subscriber.objects.update(rhythm="weekly", day=2, hour=18)

    with time_machine.travel("2026-07-01 16:30Z", tick=False):  # a Wednesday, half past six in Paris
        said = text_of(own.get(at(subscriber)))

    assert "Its hour is Wednesday 8 July 2026, 18:00 (Europe/Paris). Nothing is waiting for you." in said


def test_nothing_waiting_is_said(own, subscriber):
    assert "Nothing is waiting for you" in text_of(own.get(at(subscriber)))


# --- Pausing


@pytest.mark.parametrize("weeks", [2, 4, 8])
def test_pause_lasts_as_long_as_chosen_and_ends_by_itself(own, subscriber, weeks):
    with time_machine.travel("2026-11-22 12:00Z", tick=False):
        page = own.post(at(subscriber, "pause/"), {"weeks": weeks}, follow=True)
        until = timezone.now() + timedelta(weeks=weeks)

        assert Subscriber.objects.get().paused_until == until
        assert f"Paused until {until:%-d %B %Y}" in text_of(page)
        assert not Subscriber.objects.receiving().exists()
    assert Subscriber.objects.receiving(until).exists()


def test_pause_can_be_ended(own, subscriber):
    own.post(at(subscriber, "pause/"), {"weeks": 4})
    own.post(at(subscriber, "pause/"), {"weeks": 0})

    assert Subscriber.objects.receiving().get() == subscriber


@pytest.mark.parametrize("weeks", ["", "3", "-2", "52000", "x", "\x00"])
def test_other_pauses_are_refused(own, subscriber, weeks):
    response = own.post(at(subscriber, "pause/"), {"weeks": weeks})

    assert (response.status_code, Subscriber.objects.get().paused_until) == (422, None)


# --- Who has left


def test_who_left_can_come_back_here_or_have_everything_deleted(own):
    subscriber = LeftSubscriberFactory()

    page = own.get(at(subscriber))

    assert "Send me letters again" in text_of(page)
    assert "Delete everything" in text_of(page)
    assert "When letters come" not in text_of(page)


def test_hours_are_those_of_the_publication(own, subscriber, settings):
    settings.TIME_ZONE = "Europe/Paris"

    assert "Hours are those of Europe/Paris" in text_of(own.get(at(subscriber)))
