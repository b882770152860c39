"""One connection to a mail server: what is known after each way it can go wrong."""

import pytest

from subscriptions.outcome import Fate, without_address
from subscriptions.smtp import SmtpLine
from tests.subscriptions.smtp_server import Faults, Server

MESSAGE = b"Message-ID: <1.2@example.org>\r\nSubject: Hello\r\n\r\n.dot at the front\r\nand the end\r\n"
LONG_MESSAGE = MESSAGE + b"A line of a very long letter, which no buffer takes as a whole.\r\n" * 200_000


@pytest.fixture
def server():
    with Server() as server:
        yield server


@pytest.fixture
def line(server):
    line = SmtpLine(host="127.0.0.1", port=server.port)
    yield line
    line.quit()


def send(line, to="ada@example.org", message=MESSAGE):
    return line.send("letters@example.org", to, message)


def test_message_arrives_as_it_was_written(server, line):
    outcome = send(line)

    assert outcome == (Fate.ACCEPTED, "250 2.0.0 taken")
    assert [(taken.to, taken.sender, taken.content) for taken in server.taken] == [
        ("ada@example.org", "letters@example.org", MESSAGE)
    ]


def test_connection_is_kept(server, line):
    for _ in range(5):
        send(line)

    assert (server.counts["connections"], len(server.taken)) == (1, 5)


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        ("550 5.1.1 <ada@example.org> unknown", Fate.FAILED),
        ("552 5.2.2 mailbox of ADA@example.org full", Fate.FAILED),
        ("550 5.7.1 your network is blocked", Fate.BLOCKED),
        ("550 5.7.515 not authenticated", Fate.BLOCKED),
        ("451 4.7.1 greylisted", Fate.LATER),
        ("452 4.2.2 over quota", Fate.LATER),
    ],
)
def test_refused_recipient_does_not_spoil_the_next(server, line, answer, fate):
    server.faults.refuse_recipient = {"ada": answer}

    refused, accepted = send(line), send(line, "ben@example.org")

    assert (refused.fate, accepted.fate) == (fate, Fate.ACCEPTED)
    assert refused.answer[:3] == answer[:3]
    assert "@" not in refused.answer
    assert server.counts["connections"] == 1


def test_refused_sender_is_the_providers_refusal_of_all(server, line):
    server.faults.refuse_sender = "550 5.1.8 no such sender"

    assert send(line).fate is Fate.REFUSED


@pytest.mark.parametrize("answer", ["421 4.7.0 too fast", "451 4.3.0 try again later"])
def test_mail_refused_for_the_time_being_before_its_recipient_is_named_says_nothing_of_it(server, line, answer):
    server.faults.refuse_sender = answer

    assert send(line) == (Fate.BUSY, f"The mail server takes no mail for now: {answer}")


@pytest.mark.parametrize("fault", ["cut_at_mail", "cut_at_recipient", "cut_at_data"])
def test_connection_cut_before_the_final_dot_is_known_to_have_delivered_nothing(server, line, fault):
    setattr(server.faults, fault, 1)

    assert send(line).fate is Fate.CUT
    assert server.taken == []


def test_connection_cut_within_a_long_message_is_known_to_have_delivered_nothing(server, line):
    server.faults.cut_in_body = 1

    assert send(line, message=LONG_MESSAGE).fate is Fate.CUT


def test_kept_connection_that_was_cut_is_opened_anew_at_once(server, line):
    server.faults.cut_at_mail = 3

    assert [send(line).fate for _ in range(5)] == [Fate.ACCEPTED] * 5
    assert server.counts["connections"] == 3
    assert len(server.taken) == 5


def test_server_that_ends_a_connection_after_some_mails_is_asked_again(server, line):
    server.faults.mails_a_connection = 2

    assert [send(line).fate for _ in range(5)] == [Fate.ACCEPTED] * 5
    assert server.counts["connections"] == 3


def test_connection_cut_after_the_final_dot_leaves_it_unknown(server, line):
    server.faults.lose_reply = 1

    assert send(line).fate is Fate.UNKNOWN
    assert len(server.taken) == 1


def test_answer_that_does_not_come_leaves_it_unknown(server, line, monkeypatch):
    monkeypatch.setattr("subscriptions.smtp.FINAL_SECONDS", 0.2)
    server.faults.seconds_a_mail = 1

    assert send(line).fate is Fate.UNKNOWN


def test_refusal_after_the_final_dot_is_known(server, line):
    server.faults.busy_after_dot = 2

    assert [send(line).fate for _ in range(3)] == [Fate.ACCEPTED, Fate.LATER, Fate.ACCEPTED]


def test_answer_too_many_does_not_make_unsent_mail_seem_accepted(server, line):
    server.faults.answer_twice = 2

    fates = [send(line, f"reader{number}@example.org").fate for number in range(6)]

    assert fates == [Fate.ACCEPTED, Fate.FAILED] * 3
    assert [taken.to for taken in server.taken] == [f"reader{number}@example.org" for number in (0, 2, 4)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"refuse_sender": "252 2.0.0 perhaps"},
        {"refuse_recipient": {"@": "252 2.0.0 perhaps"}},
        {"refuse_recipient": {"@": "354 go on"}},
        {"refuse_data": "250 2.0.0 taken"},
    ],
)
def test_consent_to_what_was_not_asked_is_believed_of_no_connection(server, line, wrong):
    send(line)
    for fault, answer in wrong.items():
        setattr(server.faults, fault, answer)

    assert send(line).fate is Fate.CUT
    assert len(server.taken) == 1
    assert server.counts["connections"] == 2  # as for any kept connection that broke
    server.faults = Faults()
    assert send(line).fate is Fate.ACCEPTED


def test_address_that_the_server_does_not_understand_is_refused_by_a_fresh_connection(server, line):
    server.faults.refuse_recipient = {"ada": "501 5.1.3 bad address syntax"}
    send(line, "ben@example.org")

    assert [send(line).fate, send(line, "ben@example.org").fate] == [Fate.FAILED, Fate.ACCEPTED]
    assert server.counts["connections"] == 3


def test_server_that_is_away_or_busy_lets_nobody_in(server, line):
    server.faults.refuse_greeting = 1
    busy = send(line)
    server.go_away()
    away = send(line)

    assert (busy.fate, away.fate) == (Fate.BUSY, Fate.REFUSED)
    assert "cannot be reached" in away.answer


def test_wrong_password_lets_nobody_in(server):
    refused = send(SmtpLine(host="127.0.0.1", port=server.port, username="letters", password="wrong"))

    assert refused.fate is Fate.REFUSED
    assert refused.answer.startswith("The mail server refuses our name and password: 535")


def test_password_that_cannot_be_said_lets_nobody_in_and_is_not_shown(server):
    refused = send(SmtpLine(host="127.0.0.1", port=server.port, username="letters", password="größe"))

    assert refused.fate is Fate.REFUSED
    assert "letters outside ASCII" in refused.answer
    assert not set("öß\\") & set(refused.answer)


def test_address_in_other_letters_needs_a_server_that_takes_it(server, line):
    assert send(line, "zoë@example.org").fate is Fate.ACCEPTED
    assert server.taken[0].to == "zoë@example.org"


def test_answer_is_kept_without_addresses_and_on_one_line():
    said = "550 5.1.1 <ada@example.org>:\r\n no \x00 user Ada@Example.org\ud800 here " + "x" * 300

    kept = without_address(said, "ada@example.org")

    assert kept.startswith("550 5.1.1 <…>: no user … here xxx")
    assert len(kept) == 200
