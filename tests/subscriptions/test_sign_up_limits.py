"""How much mail a stranger can have us send: to one address, and from one network. Held in one statement."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from subscriptions import opt_in
from subscriptions.models import Attempt, SignUp, Wording
from subscriptions.network import block_of, client_address
from subscriptions.opt_in import Answer, Asked, ask
from tests.subscriptions.pages import BROWSER, form_of

pytestmark = pytest.mark.django_db
NOON = timezone.datetime(2026, 11, 22, 12, tzinfo=timezone.get_fixed_timezone(0))


def minutes(number):
    return NOON + timedelta(minutes=number)


def test_one_address_is_written_to_once_in_a_quarter_of_an_hour_and_three_times_a_day():
    asked = Asked("ada@example.org", sure=True)

    for minute in (0, 1, 14.9, 15, 31, 46, 120, 24 * 60 - 1):
        assert ask(asked, minutes(minute)) is Answer.SENT
    assert ask(asked, minutes(24 * 60 + 1)) is Answer.SENT

    times = [(signup.asked_at - NOON).total_seconds() / 60 for signup in SignUp.objects.order_by("asked_at")]
    assert times == [0, 15, 31, 24 * 60 + 1]


def test_five_hundred_networks_cannot_flood_one_address():
    for number in range(500):
        ask(Asked("Victim@example.org" if number % 2 else "victim@EXAMPLE.org", network=f"10.{number % 250}.{number // 250}.1"), minutes(number))  # fmt: skip

    assert SignUp.objects.count() == 3


def test_one_network_gets_a_second_step_and_then_an_end():
    answers = [ask(Asked(f"a{number}@example.org", network="192.0.2.7"), NOON) for number in range(8)]
    sure = [ask(Asked(f"b{number}@example.org", network="192.0.2.7", sure=True), NOON) for number in range(30)]

    assert answers == [Answer.SENT] * 5 + [Answer.ONCE_MORE] * 3
    assert sure == [Answer.SENT] * 15 + [Answer.TOO_MANY] * 15
    assert SignUp.objects.count() == 20
    assert ask(Asked("c@example.org", network="192.0.2.7"), minutes(61)) is Answer.SENT


@pytest.mark.parametrize("is_sure", [False, True])
def test_answers_do_not_tell_whether_an_address_waits_for_its_letter(is_sure):
    def answers(network, waiting):
        others = [f"{network}-{number}@example.org" for number in range(25)]
        asked = [Asked(address, network=network, sure=is_sure) for address in [waiting] * 3 + others]
        return [ask(one, NOON) for one in asked]

    ask(Asked("pending@example.org", network="203.0.113.1"), NOON)

    assert answers("192.0.2.7", "pending@example.org") == answers("198.51.100.7", "unheard-of@example.org")
    assert SignUp.objects.filter(key="pending@example.org").count() == 1


def test_attempts_cost_the_same_statements_for_every_address():
    Wording.objects.create(text=opt_in.wording())
    for address in ("ada@example.org", "ada@example.org", "new@example.org"):
        with CaptureQueriesContext(connection) as made:
            ask(Asked(address, network="192.0.2.7"), NOON)
        verbs = [query["sql"].split()[0] for query in made if "advisory" not in query["sql"]]
        assert verbs.count("INSERT") == 2


def test_attempts_are_forgotten_once_they_count_no_longer():
    ask(Asked("ada@example.org", network="192.0.2.7"), NOON)

    opt_in.forget_old(minutes(59))
    assert Attempt.objects.count() == 1
    opt_in.forget_old(minutes(61))
    assert (Attempt.objects.count(), SignUp.objects.count()) == (0, 1)


@pytest.mark.parametrize(
    ("address", "most"), [("192.0.2.{}", 60), ("2001:db8:1:2::{}", 20), ("2001:db8:1:2:{}::1", 20)], ids=str
)
def test_neighbouring_addresses_count_together(address, most):
    asked = [Asked(f"a{number}@example.org", network=address.format(number), sure=True) for number in range(1, 101)]

    answers = [ask(one, NOON) for one in asked]

    assert answers == [Answer.SENT] * most + [Answer.TOO_MANY] * (100 - most)
    assert ask(Asked("other@example.org", network="198.51.100.1"), NOON) is Answer.SENT


def test_too_many_are_told_so_with_what_they_typed_kept():
    reader = Client(headers=BROWSER)
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(20):
            ask(Asked(f"a{number}@example.org", network="127.0.0.1", sure=True))
        fields = form_of(reader.post("/subscribe/", {"email": "ada@example.org"}))
        clock.shift(5)
        response = reader.post("/subscribe/", fields)

    assert (response.status_code, response["Retry-After"]) == (429, "3600")
    assert b"try again in an hour" in response.content
    assert form_of(response)["email"] == "ada@example.org"


def test_answer_over_the_limit_of_an_address_is_the_same():
    reader = Client(headers=BROWSER)

    first, second = (reader.post("/subscribe/", {"email": "ada@example.org"}) for _ in range(2))

    assert (first.status_code, first.content, first.headers) == (second.status_code, second.content, second.headers)
    assert SignUp.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("addresses", "network", "written"),
    [(["victim@example.org"] * 50, "192.0.2.{}", 1), ([f"a{n}@example.org" for n in range(50)], "192.0.2.7", 20)],
    ids=["one address from fifty networks", "fifty addresses from one network"],
)
def test_limits_hold_when_fifty_ask_at_once(addresses, network, written):
    Wording.objects.create(text=opt_in.wording())
    start, answers = threading.Barrier(50), []

    def press(number, address):
        try:
            start.wait(20)
            answers.append(ask(Asked(address, network=network.format(number), sure=True)))
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=pair) for pair in enumerate(addresses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert SignUp.objects.count() == written
    assert len(answers) == 50
    assert answers.count(Answer.TOO_MANY) == (0 if written == 1 else 30)


# --- Networks


@pytest.mark.parametrize(
    ("behind", "remote", "forwarded", "found"),
    [
        (False, "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (True, "127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (True, "127.0.0.1", "6.6.6.6,198.51.100.1:4711", "198.51.100.1"),
        (True, "127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        (True, "127.0.0.1", "", "127.0.0.1"),
        (True, "127.0.0.1", "<script>", None),
        (False, "", "", None),
        (False, "::ffff:203.0.113.9", "", "203.0.113.9"),
        (False, "fe80::1%eth0", "", "fe80::1"),
    ],
)
def test_address_of_a_reader_is_believed_only_where_a_proxy_wrote_it(rf, settings, behind, remote, forwarded, found):
    settings.BEHIND_PROXY = behind
    request = rf.post("/subscribe/", REMOTE_ADDR=remote, headers={"X-Forwarded-For": forwarded} if forwarded else {})

    assert client_address(request) == found


def test_block_is_the_neighbourhood():
    assert block_of("203.0.113.9") == "203.0.113.0/24"
    assert block_of("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert block_of(None) == ""


def test_sign_up_without_a_known_network_is_taken():
    assert ask(Asked("ada@example.org", network=None), NOON) is Answer.SENT
    assert SignUp.objects.get().network is None
