"""From the row a sign-up left behind to a subscriber: what the worker mails, and what its link does."""

import logging
import re
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.utils import timezone

from subscriptions import letters, opt_in, tasks
from subscriptions.addresses import fingerprint
from subscriptions.models import Consent, SignUp, Subscriber, Suppression, Wording
from subscriptions.models.signup import MOST_ATTEMPTS
from tests.factories import LeftSubscriberFactory, PersonFactory, SignUpFactory, SubscriberFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("publication")]


def links(message):
    """Paths of our own that a mail links to."""
    return re.findall(r"http://testserver(/[a-z]+/[^\s\"<>)]+)", message.body)


def link_of(signup):
    return f"/subscribe/confirm/{signup.token}/"


# --- What the worker mails


def test_newcomer_gets_a_link_once():
    signup = SignUpFactory(address="Ada@example.org")

    assert [tasks.write_sign_ups_left(), tasks.write_sign_ups_left()] == [1, 0]

    (message,) = mail.outbox
    assert message.to == ["Ada@example.org"]
    assert link_of(signup) in links(message)
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"


def test_subscriber_who_signs_up_again_is_told_so_at_the_address_confirmed():
    subscriber = SubscriberFactory(address="ada@example.org")
    SignUpFactory(address="ADA@example.org")

    opt_in.write_due()

    (message,) = mail.outbox
    assert message.to == ["ada@example.org"]
    assert any(subscriber.token("letters") in link for link in links(message))
    assert not any("/subscribe/confirm/" in link for link in links(message))


def test_who_left_gets_a_link_again():
    LeftSubscriberFactory(address="ada@example.org")
    signup = SignUpFactory(address="ada@example.org")

    opt_in.write_due()

    assert link_of(signup) in links(mail.outbox[0])


def test_suppressed_address_gets_nothing():
    Suppression.objects.create(fingerprint=fingerprint("ada@example.org"), why="complained", since=timezone.now())
    signup = SignUpFactory(address="Ada@Example.org")

    assert opt_in.write_due() == 0

    assert mail.outbox == []
    assert opt_in.confirm(signup) is None


def test_two_workers_write_one_letter(monkeypatch):
    SignUpFactory()
    sending = letters.send

    def meanwhile(letter, to_address):
        assert opt_in.write_due() == 0  # another worker looks while this one talks to the mail server
        sending(letter, to_address)

    monkeypatch.setattr(letters, "send", meanwhile)
    opt_in.write_due()

    assert len(mail.outbox) == 1


def test_worker_killed_on_the_way_is_followed_by_one_that_mails_the_same_link():
    signup = SignUpFactory()
    assert SignUp.objects.claim(signup, timezone.now())

    assert opt_in.write_due() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert opt_in.write_due() == 1

    assert link_of(signup) in links(mail.outbox[0])


def failing(monkeypatch, fault):
    calls = []

    def send(letter, to_address):
        calls.append(to_address)
        raise fault

    monkeypatch.setattr(letters, "send", send)
    return calls


def test_mail_server_that_cannot_be_reached_is_asked_again_with_growing_pauses(monkeypatch, caplog):
    signup = SignUpFactory(address="ada@example.org")
    with monkeypatch.context() as patch, time_machine.travel(signup.asked_at, tick=False) as clock:
        calls = failing(patch, SMTPServerDisconnected("ada@example.org: gone"))
        for _ in range(60):
            opt_in.write_due()
            clock.shift(60)
        assert len(calls) == 5

    with time_machine.travel(signup.asked_at + timedelta(hours=3)):
        assert opt_in.write_due() == 1
    assert "SMTPServerDisconnected" in caplog.text
    assert "ada" not in caplog.text


def test_unreachable_server_is_not_asked_for_each_of_many(monkeypatch):
    SignUpFactory.create_batch(5)
    calls = failing(monkeypatch, ConnectionRefusedError())

    opt_in.write_due()

    assert len(calls) == 1


def test_address_refused_for_good_is_tried_once(monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    signup = SignUpFactory(address="ada@example.org")
    calls = failing(monkeypatch, SMTPRecipientsRefused({"ada@example.org": (550, b"No such user ada@example.org")}))

    opt_in.write_due()
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        opt_in.write_due()

    signup.refresh_from_db()
    assert (calls, signup.attempts, signup.mailed_at) == (["ada@example.org"], MOST_ATTEMPTS, None)
    assert "ada" not in caplog.text


def test_sign_ups_are_forgotten_after_thirty_days():
    old = SignUpFactory(asked_at=timezone.now() - timedelta(days=30, minutes=1))
    kept = SignUpFactory(asked_at=timezone.now() - timedelta(days=29))

    assert tasks.forget() == 1

    assert list(SignUp.objects.all()) == [kept]
    assert old.pk != kept.pk


# --- The link


@pytest.fixture
def signup():
    return SignUpFactory(
        address="ada@example.org",
        mailed_at=timezone.now(),
        asked_at=timezone.now() - timedelta(minutes=5),
        wording=Wording.objects.create(text="You agree."),
    )


def test_opening_the_link_shows_a_button_and_changes_nothing(client, signup):
    for _ in range(2):
        page = client.get(link_of(signup))
        assert client.head(link_of(signup)).status_code == 200

    assert len(BeautifulSoup(page.content, "html.parser").select("main form[method=post] button")) == 1
    assert "a…@example.org" in page.content.decode()
    assert "ada@" not in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]
    assert Subscriber.objects.count() == 0
    signup.refresh_from_db()
    assert signup.used_at is None


def test_pressing_the_button_subscribes_and_leads_to_a_page_of_ones_own(client, signup):
    response = client.post(link_of(signup))

    subscriber = Subscriber.objects.get()
    assert (response.status_code, response["Location"]) == (
        303,
        f"/letters/{subscriber.token('letters')}/?done=welcome",
    )
    assert (subscriber.address, subscriber.state, subscriber.only_followed) == ("ada@example.org", "confirmed", False)
    assert b"You are subscribed" in client.get(response["Location"]).content


def test_welcome_is_mailed_once(client, signup):
    client.post(link_of(signup))

    assert [opt_in.write_due(), opt_in.write_due()] == [1, 0]

    assert mail.outbox[0].subject == "Welcome to Second Reel"
    assert any(Subscriber.objects.get().token("letters") in link for link in links(mail.outbox[0]))


def test_consent_is_kept_with_time_page_network_and_the_words_shown(client, signup):
    client.post(link_of(signup))
    Wording.objects.create(text="You agree to more.")

    asked, confirmed = Subscriber.objects.get().consents.select_related("wording")
    assert (asked.what, asked.at, asked.page, asked.network) == (
        Consent.What.ASKED, signup.asked_at, "/reviews/solaris/", "192.0.2.7",
    )  # fmt: skip
    assert (confirmed.what, confirmed.network) == (Consent.What.CONFIRMED, "127.0.0.1")
    assert confirmed.at > asked.at
    assert {asked.wording.text, confirmed.wording.text} == {"You agree."}
    assert "confirmation mail" in confirmed.proof
    assert signup.token not in confirmed.page + confirmed.proof


def test_follow_asked_for_is_all_that_comes(client):
    person = PersonFactory(name="Claire Denis")
    signup = SignUpFactory(follow="person:claire-denis")
    assert b"<strong>Claire Denis</strong>" in client.get(link_of(signup)).content

    client.post(link_of(signup))

    subscriber = Subscriber.objects.get()
    assert subscriber.only_followed
    assert subscriber.follows.get().person == person


def test_follow_that_has_gone_meanwhile_is_said_before_the_press(client):
    signup = SignUpFactory(follow="person:nobody")

    assert b"Every new review" in client.get(link_of(signup)).content
    client.post(link_of(signup))

    assert not Subscriber.objects.get().only_followed


def test_confirming_twice_is_harmless(client, signup):
    client.post(link_of(signup))
    again = client.post(link_of(signup))

    assert again.status_code == 410
    assert b"used on" in again.content
    assert b'href="/subscribe/"' in again.content
    assert client.get(link_of(signup)).status_code == 410
    assert Subscriber.objects.get().consents.count() == 2


def test_link_runs_out_after_three_days(client, signup):
    with time_machine.travel(signup.asked_at + timedelta(days=3) - timedelta(seconds=5), tick=False):
        assert client.get(link_of(signup)).status_code == 200
    with time_machine.travel(signup.asked_at + timedelta(days=3), tick=False):
        shown, pressed = client.get(link_of(signup)), client.post(link_of(signup))

    assert (shown.status_code, pressed.status_code) == (410, 410)
    assert b"run out" in pressed.content
    assert b'href="/subscribe/"' in pressed.content
    assert Subscriber.objects.count() == 0


def test_any_flipped_character_makes_the_link_nobodys(client, signup):
    other = SignUpFactory()
    number, mac = signup.token.split("-")
    forged = [f"{number}-{mac[:n]}{'0' if mac[n] != '0' else '1'}{mac[n + 1 :]}" for n in range(0, 64, 7)]
    forged += [f"{other.pk}-{mac}", f"{number}-", number, "-", "x", f"0{number}-{mac}", "9" * 40 + "-" + mac, f"{number}-é", "1-" + "0" * 9000, "%00", "'--"]  # fmt: skip

    for token in forged:
        response = client.post(f"/subscribe/confirm/{token}/")
        assert response.status_code == 404
        assert b'href="/subscribe/"' in response.content
    assert Subscriber.objects.count() == 0


def test_link_is_made_of_the_database_and_the_key_together(signup, settings):
    token = signup.token
    settings.SECRET_KEY = "another-key-another-key-another-key-another"

    assert signup.token != token
    assert len(token.split("-")[1]) == 64
    assert signup.secret not in token


def test_who_left_comes_back_with_a_new_consent(client):
    subscriber = LeftSubscriberFactory(address="ada@example.org", ended="bounced", soft_bounces=3)
    client.post(link_of(SignUpFactory(address="ada@example.org")))

    subscriber.refresh_from_db()
    assert (subscriber.state, subscriber.left_at, subscriber.ended, subscriber.soft_bounces) == (
        "confirmed",
        None,
        "",
        0,
    )
    assert [consent.what for consent in subscriber.consents.all()] == ["asked", "confirmed"]


def test_second_link_of_a_subscriber_adds_its_follow_and_takes_nothing_away(client):
    PersonFactory(name="Claire Denis")
    first, second = (
        SignUpFactory(address="ada@example.org"),
        SignUpFactory(address="ada@example.org", follow="person:claire-denis"),
    )
    for signup in (first, second):
        assert client.post(link_of(signup)).status_code == 303

    subscriber = Subscriber.objects.get()
    assert (subscriber.only_followed, subscriber.follows.count()) == (False, 1)


def test_link_for_every_review_brings_every_review_after_one_that_followed(client):
    PersonFactory(name="Claire Denis")
    first = SignUpFactory(address="ada@example.org", follow="person:claire-denis")
    second = SignUpFactory(address="ada@example.org")

    client.post(link_of(first))
    assert Subscriber.objects.get().only_followed
    assert b"Every new review" in client.get(link_of(second)).content
    client.post(link_of(second))

    subscriber = Subscriber.objects.get()
    assert not subscriber.only_followed
    assert subscriber.follows.count() == 1


def test_link_to_follow_promises_a_reader_nothing_less_than_they_get(client):
    PersonFactory(name="Claire Denis")
    SubscriberFactory(address="ada@example.org")

    page = client.get(link_of(SignUpFactory(address="ada@example.org", follow="person:claire-denis"))).text

    assert "besides what comes already" in page
    assert "and nothing else" not in page


def test_who_left_and_signs_up_again_starts_anew(client):
    left = LeftSubscriberFactory(
        address="ada@example.org",
        rhythm="weekly",
        day=1,
        hour=20,
        only_followed=True,
        paused_until=timezone.now() + timedelta(weeks=4),
    )
    left.follows.create(decade=1970)

    client.post(link_of(SignUpFactory(address="ada@example.org")))

    subscriber = Subscriber.objects.get()
    assert (subscriber.rhythm, subscriber.day, subscriber.hour, subscriber.paused_until) == ("each", 4, 8, None)
    assert not subscriber.only_followed
    assert not subscriber.follows.exists()


def test_old_link_of_somebody_deleted_is_dead(client, signup):
    client.post(link_of(signup))
    waiting = SignUpFactory(address="ada@example.org")

    client.post(f"/letters/{Subscriber.objects.get().token('letters')}/erase/")

    assert [client.post(link_of(one)).status_code for one in (signup, waiting)] == [404, 404]
    assert Subscriber.objects.count() == 0
