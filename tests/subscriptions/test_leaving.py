"""Leaving: by the mail program's own button, by the link in a letter, and never by a machine that opens links."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.utils import timezone

from subscriptions.addresses import fingerprint
from subscriptions.models import Consent, Subscriber, Suppression
from tests.factories import LeftSubscriberFactory, SubscriberFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("publication")]
ONE_CLICK = "List-Unsubscribe=One-Click"
WAYS = {
    "urlencoded": ("application/x-www-form-urlencoded", ONE_CLICK),
    "multipart": (
        "multipart/form-data; boundary=b",
        '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
    ),
}


def link_of(subscriber):
    return f"/letters/leave/{subscriber.token('leave')}/"


def buttons(response):
    return [button.text for button in BeautifulSoup(response.content, "html.parser").select("main form button")]


def test_opening_the_link_changes_nothing_however_often(own, subscriber):
    for _ in range(3):
        page = own.get(link_of(subscriber))
        assert own.head(link_of(subscriber)).status_code == 200

    assert buttons(page) == ["Stop the letters"]
    assert "a…@example.org" in page.content.decode()
    assert "ada@" not in page.content.decode()
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("no-referrer", "private, no-store")
    subscriber.refresh_from_db()
    assert subscriber.state == "confirmed"
    assert own.post(link_of(subscriber), ONE_CLICK, content_type=WAYS["urlencoded"][0]).status_code == 200


@pytest.mark.parametrize(("content_type", "body"), WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("slash", ["/", ""])
@pytest.mark.parametrize("https", [False, True])
def test_one_click_of_a_mail_program_stops_all_letters(own, subscriber, settings, content_type, body, slash, https):
    settings.SECURE_SSL_REDIRECT = https  # a site with https answers a request without it just the same
    other = SubscriberFactory()

    for _ in range(2):
        response = own.post(link_of(subscriber).rstrip("/") + slash, body, content_type=content_type)
        assert (response.status_code, response.cookies) == (200, {})

    subscriber.refresh_from_db()
    other.refresh_from_db()
    assert (subscriber.state, subscriber.ended, other.state) == ("left", "reader", "confirmed")
    assert subscriber.consents.get().what == Consent.What.LEFT
    assert not Subscriber.objects.receiving().filter(pk=subscriber.pk).exists()


def test_person_without_https_is_sent_to_it(client, subscriber, settings):
    settings.SECURE_SSL_REDIRECT, settings.SITE_URL = True, "https://reviews.example"

    response = client.get(link_of(subscriber))

    assert (response.status_code, response["Location"]) == (301, f"https://reviews.example{link_of(subscriber)}")


def test_person_leaves_with_one_press_and_can_undo_it(client, subscriber):
    gone = client.post(link_of(subscriber), follow=True)
    subscriber.refresh_from_db()
    assert gone.redirect_chain == [(link_of(subscriber), 303)]
    assert subscriber.state == "left"
    assert b"You have left" in gone.content
    assert buttons(gone) == ["Undo: send me letters"]

    back = client.post(link_of(subscriber), {"undo": "yes"}, follow=True)

    subscriber.refresh_from_db()
    assert (subscriber.state, subscriber.left_at, subscriber.ended) == ("confirmed", None, "")
    assert buttons(back) == ["Stop the letters"]
    assert [consent.what for consent in subscriber.consents.all()] == ["left", "returned"]


def test_undo_leaves_everything_as_it_was(client, subscriber):
    until = timezone.now() + timedelta(weeks=4)
    Subscriber.objects.update(paused_until=until, rhythm="weekly", only_followed=True)

    client.post(link_of(subscriber))
    client.post(link_of(subscriber), {"undo": "yes"})

    subscriber.refresh_from_db()
    assert (subscriber.paused_until, subscriber.rhythm, subscriber.only_followed) == (until, "weekly", True)
    assert not subscriber.is_receiving


def test_leaving_twice_is_harmless(client, subscriber):
    client.post(link_of(subscriber))
    first = Subscriber.objects.get().left_at
    client.post(link_of(subscriber))

    assert Subscriber.objects.get().left_at == first
    assert subscriber.consents.count() == 1


@pytest.mark.parametrize("ended", ["bounced", "complained", "editor"])
def test_what_others_ended_cannot_be_undone_here(client, ended):
    subscriber = LeftSubscriberFactory(ended=ended)

    page = client.post(link_of(subscriber), {"undo": "yes"}, follow=True)

    assert Subscriber.objects.get().state == "left"
    assert buttons(page) == []
    assert b'href="/subscribe/"' in page.content


def test_undo_ends_after_a_day_for_old_letters_lie_about(client):
    subscriber = LeftSubscriberFactory()
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        client.post(link_of(subscriber), {"undo": "yes"})

    assert Subscriber.objects.get().state == "left"


def test_suppressed_address_cannot_be_brought_back(client):
    subscriber = LeftSubscriberFactory()
    Suppression.objects.create(fingerprint=fingerprint(subscriber.address), why="asked", since=timezone.now())

    client.post(link_of(subscriber), {"undo": "yes"})

    assert Subscriber.objects.get().state == "left"


def test_forged_and_foreign_links_change_nothing_and_help(own, subscriber):
    other = SubscriberFactory()
    number, mac = subscriber.token("leave").split("-")
    forged = [f"{number}-{mac[:n]}{'0' if mac[n] != '0' else '1'}{mac[n + 1 :]}" for n in range(32)]
    forged += [f"{other.pk}-{mac}", subscriber.token("letters"), "x", f"{number}-é", "0-" + "0" * 32, "1" * 9000, "%00"]

    for token in forged:
        for path in (f"/letters/leave/{token}/", f"/letters/leave/{token}"):
            response = own.post(path, ONE_CLICK, content_type=WAYS["urlencoded"][0])
            assert response.status_code == 404
    assert b"newest letter" in response.content
    assert Subscriber.objects.confirmed().count() == 2


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(own, subscriber, method):
    assert getattr(own, method)(link_of(subscriber)).status_code == 405
    assert Subscriber.objects.get().state == "confirmed"


def test_address_of_the_page_is_in_no_cache(client, subscriber, monkeypatch):
    kept = []
    monkeypatch.setattr("reviews.page_cache.cache.set", lambda *args: kept.append(args))

    client.get(link_of(subscriber))
    client.get(f"/letters/{subscriber.token('letters')}/")

    assert kept == []
