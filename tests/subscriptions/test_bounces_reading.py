"""Reading what comes back: real reports of many servers, and what only looks like one."""

from pathlib import Path

import pytest

from subscriptions.models import BounceReport
from subscriptions.reports import judge, read
from tests.subscriptions import returned

HARD, SOFT, COMPLAINT, OURS = BounceReport.Kind
SAMPLES = Path(__file__).parent / "bounces"
SAID = {
    "arf-01": (COMPLAINT, ""),
    "arf-11": (COMPLAINT, ""),
    "lhost-amazonses-01": (OURS, "5.7.1"),  # "Access denied"
    "lhost-amazonses-02": (HARD, "5.0.0"),  # "Unknown user"
    "lhost-exchange2007-01": (HARD, "5.1.1"),
    "lhost-exim-01": (OURS, "5.7.0"),  # "Please use the smtp server of your ISP"
    "lhost-exim-05": (HARD, "5.1.1"),
    "lhost-gmail-01": (HARD, "5.1.1"),
    "lhost-office365-01": (HARD, "5.1.10"),
    "lhost-opensmtpd-01": (HARD, "5.1.1"),
    "lhost-outlook-01": (SOFT, "5.2.2"),
    "lhost-postfix-01": (HARD, "5.1.1"),
    "lhost-postfix-17": (OURS, "5.4.4"),
    "lhost-qmail-01": (HARD, "5.5.0"),  # "Unknown user"
    "lhost-sendmail-01": (HARD, "5.1.1"),
    "lhost-sendmail-11": (SOFT, "4.4.7"),
    "lhost-yahoo-01": (HARD, "5.1.1"),
    "not-is-not-bounce-01": None,
    "rfc3464-01": (HARD, "5.1.1"),
    "rfc3834-01": None,
}


def test_every_sample_has_its_answer():
    assert {file.stem for file in SAMPLES.glob("*.eml")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_real_report_is_read_right(name):
    report = read((SAMPLES / f"{name}.eml").read_bytes())

    assert (report and (report.kind, report.status)) == SAID[name]


@pytest.mark.parametrize(
    ("name", "recipient"),
    [
        ("lhost-postfix-01", "kijitora@example.org"),  # as we wrote it, not where it was forwarded to
        ("lhost-qmail-01", "kijitora@example.ne.jp"),
        ("lhost-gmail-01", "userunknown@example.jp"),
        ("lhost-office365-01", "kijitora@example.com"),
        ("lhost-yahoo-01", "kijitora@example.org"),
    ],
)
def test_recipient_is_found_in_fields_and_in_prose(name, recipient):
    assert recipient in read((SAMPLES / f"{name}.eml").read_bytes()).recipients


@pytest.mark.parametrize("name", ["lhost-yahoo-01", "lhost-office365-01", "lhost-postfix-17", "lhost-sendmail-11"])
def test_our_own_headers_are_found_behind_prose_and_in_parts(name):
    assert "@" in read((SAMPLES / f"{name}.eml").read_bytes()).returned["Message-ID"]


def test_nothing_that_is_kept_holds_an_address():
    for file in SAMPLES.glob("*.eml"):
        report = read(file.read_bytes())

        assert "@" not in (report.detail if report else "")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        *((status, HARD) for status in ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")),
        *((status, SOFT) for status in ("4.0.0", "4.2.2", "4.7.1", "5.2.2", "5.2.3", "5.3.4", "5.0.0", "5.2.0")),
        *((status, OURS) for status in ("5.7.1", "5.7.26", "5.4.4", "5.5.0", "5.6.1", "5.1.8")),
        ("550 Unknown user", HARD),
        ("450 Unknown user, perhaps", SOFT),
        ("4.2.1 mailbox disabled for now", SOFT),
        ("5.0.0 smtp; 550 5.7.1 no such user, or spam", OURS),
        ("550 5.1.100 odd", SOFT),
        ("connect to 5.1.1.7: refused", SOFT),
        ("", SOFT),
    ],
)
def test_what_a_status_means(said, kind):
    assert judge(said)[0] == kind


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_what_is_not_over_yet_or_went_well_is_no_report(action):
    assert read(returned.report("4.4.1", action=action)) is None


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus", "other"])
def test_feedback_that_is_no_complaint(kind):
    assert read(returned.complaint(kind=kind)) is None


def test_answer_of_a_machine_is_no_report_even_if_it_talks_like_one():
    assert read(returned.holiday("letters@testserver")) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe" * 1000,
        b"From: mailer-daemon\n\n" + b"(" * 100_000,
        b"Content-Type: multipart/report; boundary=b\n\n" + b"--b\n" * 20_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n--b--",
        b"Content-Type: message/feedback-report\n\n\xff",
        b"From: postmaster@x\nContent-Type: text/plain; charset=nonsense\n\n550 5.1.1 \xff",
        "From: MAILER-DAEMON <=?utf-8?q?=FF?=>\nMessage-ID: \udcff\n\n550".encode(errors="surrogateescape"),
        b"Content-Type: message/rfc822\n\n" * 3000,
    ],
)
def test_broken_and_hostile_mail_raises_nothing(raw):
    read(raw)
