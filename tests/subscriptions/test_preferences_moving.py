"""Letters to another address: asked there, told to the old one, and nobody else's taken over."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.utils import timezone

from subscriptions import opt_in, privacy
from subscriptions.models import Consent, FormerSecret, SignUp, Subscriber
from tests.factories import LeftSubscriberFactory, SignUpFactory, SubscriberFactory
from tests.subscriptions.pages import at, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("publication")]


def move(own, subscriber, address="new@example.org"):
    """Ask for the move, and press the button behind the link that is mailed."""
    own.post(at(subscriber, "move/"), {"email": address})
    opt_in.write_due()
    signup = SignUp.objects.get(moves=subscriber, used_at=None)
    return own.post(f"/subscribe/confirm/{signup.token}/")


def test_new_address_is_asked_first_and_nothing_changes_until_it_answers(own, subscriber):
    response = own.post(at(subscriber, "move/"), {"email": "new@example.org"})
    opt_in.write_due()

    assert (response.status_code, response["Location"]) == (303, at(subscriber, "?done=asked"))
    assert [message.to for message in mail.outbox] == [["new@example.org"]]
    assert Subscriber.objects.get().address == "ada@example.org"


def test_move_takes_everything_along_tells_both_addresses_and_ends_old_links(own, subscriber):
    own.post(at(subscriber, "follow/"), {"what": "decade:1970"})
    old = {purpose: subscriber.token(purpose) for purpose in ("letters", "leave")}

    response = move(own, subscriber)
    opt_in.write_due()

    moved = Subscriber.objects.get()
    assert (moved.pk, moved.address, moved.key) == (subscriber.pk, "new@example.org", "new@example.org")
    assert moved.follows.count() == 1
    assert response["Location"] == at(moved, "?done=moved")
    _asked, to_new, to_old = sorted(mail.outbox, key=lambda message: message.to[0] == "ada@example.org")
    assert (to_new.to, to_old.to) == (["new@example.org"], ["ada@example.org"])
    assert moved.token("letters") in to_new.body
    assert moved.token("letters") not in to_old.body
    assert own.get(f"/letters/{old['letters']}/").status_code == 404
    assert moved.consents.latest("at").what == Consent.What.MOVED


def test_letters_delivered_before_a_move_can_still_be_left(own, subscriber):
    old = {purpose: subscriber.token(purpose) for purpose in ("letters", "leave")}
    move(own, subscriber)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        page = own.get(f"/letters/leave/{old['leave']}/")
        left = own.post(f"/letters/leave/{old['leave']}/", {"List-Unsubscribe": "One-Click"})
        pressed = own.post(f"/letters/leave/{old['leave']}/")
        assert own.get(f"/letters/{old['leave']}/").status_code == 404

    moved = Subscriber.objects.get()
    assert (page.status_code, left.status_code, pressed.status_code) == (200, 200, 303)
    assert moved.state == "left"
    for secret in (moved.token("leave"), moved.token("letters")):
        assert secret not in page.text + pressed["Location"]


def test_links_of_before_a_move_end_and_are_forgotten(own, subscriber):
    old = subscriber.token("leave")
    move(own, subscriber)
    with time_machine.travel(timezone.now() + timedelta(days=91)):
        assert own.post(f"/letters/leave/{old}/").status_code == 404
        opt_in.forget_old()

    assert Subscriber.objects.get().state == "confirmed"
    assert FormerSecret.objects.count() == 0


def test_nothing_is_held_of_the_old_address_that_erasing_would_miss(own):
    subscriber = opt_in.confirm(SignUpFactory(address="ada@example.org"))
    SignUpFactory(address="ada@example.org")
    move(own, subscriber)
    subscriber.refresh_from_db()
    held = privacy.everything_about(subscriber)["sign_ups"]

    assert {one["address"] for one in held} == {*SignUp.objects.values_list("address", flat=True)}
    privacy.erase(subscriber)
    assert SignUp.objects.count() == 0


def test_address_of_another_subscriber_is_not_taken_over_and_not_given_away(own, subscriber):
    other = SubscriberFactory(address="new@example.org")

    first = own.post(at(subscriber, "move/"), {"email": "free@example.org"})
    second = own.post(at(subscriber, "move/"), {"email": "new@example.org"})
    opt_in.write_due()

    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    assert "already" in mail.outbox[1].subject
    assert other.token("letters") in mail.outbox[1].body
    signup = SignUp.objects.get(key="new@example.org")
    assert own.post(f"/subscribe/confirm/{signup.token}/").status_code == 410
    assert set(Subscriber.objects.values_list("address", flat=True)) == {"ada@example.org", "new@example.org"}


def test_move_to_an_address_that_had_left_replaces_it(own, subscriber):
    LeftSubscriberFactory(address="new@example.org")

    assert move(own, subscriber).status_code == 303

    assert Subscriber.objects.get().address == "new@example.org"


def test_link_of_a_move_works_once(own, subscriber):
    move(own, subscriber)
    signup = SignUp.objects.get(key="new@example.org")

    assert own.post(f"/subscribe/confirm/{signup.token}/").status_code == 410
    assert SignUp.objects.filter(moves=subscriber).count() == 2  # and the old address is told once


@pytest.mark.parametrize("typed", ["", "ada", "a@b\r\nBcc: c@d.e", "x" * 10_000, "a@example.org,b@example.org"])
def test_fault_in_the_new_address_is_said_and_kept(own, subscriber, typed):
    response = own.post(at(subscriber, "move/"), {"email": typed})

    field = BeautifulSoup(response.content, "html.parser").find(id="m-e")
    assert (response.status_code, field["aria-invalid"], field["aria-describedby"]) == (422, "true", "m-err")
    assert field["value"].split() == typed[:321].split()
    assert SignUp.objects.count() == 0


def test_own_address_is_no_move(own, subscriber):
    response = own.post(at(subscriber, "move/"), {"email": "ADA@example.org"})

    assert response.status_code == 422
    assert "This is the address your letters come to already." in text_of(response)
    assert SignUp.objects.count() == 0


def test_likely_slip_in_the_new_address_is_asked_about_with_both_choices(own, subscriber):
    response = own.post(at(subscriber, "move/"), {"email": "ada@gmial.com"})

    form = BeautifulSoup(response.content, "html.parser").find("form", action=at(subscriber, "move/"))
    fields = {field["name"]: field["value"] for field in form.find_all("input")}
    offered = [button["value"] for button in form.find_all("button")]
    assert offered == ["ada@gmail.com", "ada@gmial.com"]
    assert SignUp.objects.count() == 0
    for address in offered:
        assert own.post(at(subscriber, "move/"), fields | {"email": address}).status_code == 303
    assert list(SignUp.objects.order_by("pk").values_list("address", flat=True)) == offered


def test_moves_are_limited_as_sign_ups_are(own, subscriber):
    answers = [own.post(at(subscriber, "move/"), {"email": f"a{n}@example.org"}).status_code for n in range(22)]

    assert answers == [303] * 20 + [429] * 2
