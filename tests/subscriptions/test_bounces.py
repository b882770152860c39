"""What follows from what comes back, and what does not."""

import io
import sys
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from subscriptions import bounces, opt_in
from subscriptions.addresses import fingerprint
from subscriptions.bounces import from_return_path, receive, return_path
from subscriptions.models import BounceReport, Delivery, Mailing, SignUp, Subscriber, Suppression
from tests.factories import SubscriberFactory
from tests.subscriptions import returned

pytestmark = pytest.mark.django_db
HARD, SOFT, COMPLAINT, OURS = BounceReport.Kind


@pytest.fixture(autouse=True)
def signed(settings):
    """Reports come back to signed addresses."""
    settings.BOUNCE_ADDRESS, settings.BOUNCES_ARE_SIGNED = "bounces@reviews.example", True


@pytest.fixture
def mailing():
    return Mailing.objects.create(
        kind=Mailing.Kind.DIGEST, state=Mailing.State.SENDING, due_at=timezone.now(), identity=UUID(int=7)
    )


@pytest.fixture
def delivery(mailing):
    """A mail that was accepted by the reader's server a moment ago."""
    reader = SubscriberFactory(address="Reader@home.example")
    return Delivery.objects.create(mailing=mailing, subscriber=reader, state=Delivery.State.ACCEPTED)


def path_of(delivery: Delivery) -> str:
    return return_path(delivery.pk, delivery.subscriber)


def suppressed(subscriber: Subscriber) -> str | None:
    """Why the address gets no mail."""
    return Suppression.objects.filter(fingerprint=fingerprint(subscriber.address)).values_list("why", flat=True).first()


def stands(delivery: Delivery) -> tuple[str, str, str | None]:
    """What has become of the reader: state, why it ended, why suppressed."""
    reader = Subscriber.objects.get(pk=delivery.subscriber_id)
    return reader.state, reader.ended, suppressed(reader)


UNTOUCHED = ("confirmed", "", None)
GONE = ("left", "bounced", "bounced")


# --- What each kind does


def test_address_that_does_not_work_is_stopped_at_once_and_not_written_to_again(delivery):
    report = receive(returned.report("5.1.1", to=path_of(delivery), said="smtp; 550 no Reader@home.example here"))

    assert (report.kind, report.status, report.subscriber, report.delivery) == (
        HARD, "5.1.1", delivery.subscriber, delivery
    )  # fmt: skip
    assert report.detail == "5.1.1 smtp; 550 no … here"
    assert stands(delivery) == GONE


def test_complaint_ends_all_mail_at_once(delivery):
    leave = f"<https://reviews.example/letters/leave/{delivery.subscriber.token('leave')}/>"

    report = receive(returned.complaint(returned=returned.headers_of(delivery, List_Unsubscribe=leave)))

    assert (report.kind, report.delivery) == (COMPLAINT, delivery)
    assert stands(delivery) == ("left", "complained", "complained")


@pytest.mark.parametrize("status", ["5.7.1", "5.4.4", "5.5.2"])
def test_refusal_that_is_ours_to_mend_is_noted_and_stops_nobody(delivery, status):
    report = receive(returned.report(status, to=path_of(delivery)))

    assert (report.kind, report.status) == (OURS, status)
    assert stands(delivery) == UNTOUCHED


def soft_bounces(reader: Subscriber, mailing: Mailing, days: list[float]) -> None:
    """Temporary refusals so many days after now, one for each mail."""
    for place, day in enumerate(days):
        other = Mailing.objects.create(
            kind=Mailing.Kind.DIGEST, slot=timezone.now() + timedelta(hours=place), due_at=timezone.now(),
            identity=UUID(int=100 + place),
        )  # fmt: skip
        delivery = Delivery.objects.create(mailing=other, subscriber=reader, state=Delivery.State.ACCEPTED)
        found = from_return_path(path_of(delivery))
        when = timezone.now() + timedelta(days=day)
        bounces.count(found, SOFT, "4.2.2", "full", identity=f"soft {place}", now=when)


@pytest.mark.parametrize(
    ("days", "counted", "is_stopped"),
    [
        ([0, 1, 2, 3], 4, False),
        ([0, 1, 2, 3, 4], 5, True),
        ([0, 7, 14, 21, 28], 5, True),  # a weekly letter
        ([0, 0.1, 0.2, 0.3, 0.4], 5, False),  # one bad day
        ([0, 0.1, 0.2, 0.3, 0.4, 3.1], 6, True),
        ([0, 1, 2, 3, 34], 1, False),  # a month of silence in between
        ([0, 29, 58, 87, 116], 5, True),
    ],
)
def test_temporary_refusals_stop_mail_after_five_in_a_row_on_several_days(delivery, mailing, days, counted, is_stopped):
    soft_bounces(delivery.subscriber, mailing, days)

    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.soft_bounces == counted
    assert stands(delivery) == (GONE if is_stopped else UNTOUCHED)


@pytest.mark.parametrize(("days", "arrived", "is_stopped"), [
    ([0, 25, 50, 75, 100], [40, 41, 42], False),
    ([0, 25, 50, 75, 100], [40, 41], True),
    ([0, 25, 50, 75, 100], [44, 45, 46], True),  # too late to know before the next refusal
    ([0, 1, 2, 3, 4], [0.5, 1.5, 2.5], True),
])  # fmt: skip
def test_some_mails_that_arrived_between_temporary_refusals_end_the_row(delivery, mailing, days, arrived, is_stopped):
    for place, day in enumerate(arrived):
        other = Mailing.objects.create(kind=Mailing.Kind.DIGEST, due_at=timezone.now(), identity=UUID(int=200 + place))
        well = Delivery.objects.create(mailing=other, subscriber=delivery.subscriber, state=Delivery.State.ACCEPTED)
        Delivery.objects.filter(pk=well.pk).update(changed_at=timezone.now() + timedelta(days=day))

    soft_bounces(delivery.subscriber, mailing, days)

    assert stands(delivery) == (GONE if is_stopped else UNTOUCHED)


def test_temporary_refusals_of_an_old_address_do_not_count_against_the_new_one(delivery, mailing):
    soft_bounces(delivery.subscriber, mailing, [-5, -4, -3, -2])
    opt_in.ask(opt_in.Asked("new@home.example", moves=delivery.subscriber))
    opt_in.confirm(SignUp.objects.get())
    delivery.subscriber.refresh_from_db()

    receive(returned.report("4.2.2", to=path_of(delivery)))

    delivery.subscriber.refresh_from_db()
    assert (delivery.subscriber.address, delivery.subscriber.soft_bounces) == ("new@home.example", 1)
    assert stands(delivery) == UNTOUCHED


def test_temporary_refusals_do_not_count_any_more_after_coming_back(delivery, mailing):
    soft_bounces(delivery.subscriber, mailing, [-9, -8, -7, -6, -5])
    assert stands(delivery) == GONE
    Suppression.objects.all().delete()
    opt_in.ask(opt_in.Asked(delivery.subscriber.address))
    opt_in.confirm(SignUp.objects.get())

    receive(returned.report("4.2.2", to=path_of(delivery)))

    assert stands(delivery) == UNTOUCHED


@pytest.mark.parametrize("raw", [returned.holiday, lambda to: returned.report("4.4.1", to=to, action="delayed")])
def test_holiday_notes_and_delays_are_nothing(delivery, raw):
    assert receive(raw(path_of(delivery))) is None
    assert stands(delivery) == UNTOUCHED
    assert not BounceReport.objects.exists()


def test_address_stays_blocked_when_the_secret_key_changes(delivery, settings):
    receive(returned.report("5.1.1", to=path_of(delivery)))

    settings.SECRET_KEY = "another" * 8

    assert opt_in.is_suppressed(delivery.subscriber.address)


# --- Once


def test_report_delivered_twice_is_counted_once(delivery):
    raw = returned.report("4.2.2", to=path_of(delivery))

    assert [bool(receive(raw)), bool(receive(raw))] == [True, False]
    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.soft_bounces == 1


def test_two_reports_of_a_kind_about_one_mail_are_counted_once(delivery):
    assert receive(returned.report("4.2.2", to=path_of(delivery)))
    assert receive(returned.report("4.3.0", to=path_of(delivery))) is None

    assert BounceReport.objects.count() == 1


def test_refusal_after_delays_still_counts(delivery):
    receive(returned.report("4.2.2", to=path_of(delivery)))
    receive(returned.report("5.1.1", to=path_of(delivery)))

    assert stands(delivery) == GONE


def test_complaint_after_leaving_still_keeps_the_address_from_mail(delivery):
    delivery.subscriber.leave()

    receive(returned.complaint(to=path_of(delivery)))

    assert stands(delivery) == ("left", "reader", "complained")


# --- Whom it is about


@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To"])
def test_signed_return_path_is_found_where_mail_servers_write_it(delivery, header):
    raw = returned.report(recipient="forwarded@elsewhere.example")
    raw = f"{header}: <{path_of(delivery).upper()}>\r\n".encode() + raw

    assert receive(raw).subscriber == delivery.subscriber


def test_signed_return_path_given_by_the_mail_server(delivery):
    assert receive(returned.report(), envelope_to=path_of(delivery)).subscriber == delivery.subscriber


def test_signed_return_path_in_the_part_that_came_back(delivery):
    raw = returned.complaint(returned=returned.headers_of(delivery, Return_Path=f"<{path_of(delivery)}>"))

    assert receive(raw).kind == COMPLAINT


def test_message_id_with_the_address_it_went_to_is_proof(delivery):
    raw = returned.report(recipient="reader@HOME.example", returned=returned.headers_of(delivery))

    assert receive(raw).delivery == delivery
    assert stands(delivery) == GONE


def test_return_path_fits_the_64_letters_of_a_local_part():
    reader = SubscriberFactory(pk=1_000_000)

    path = return_path(1_000_000, reader)

    assert path.startswith("bounces+1000000.1000000-")
    assert len(path.partition("@")[0]) <= 64


def test_without_a_bounce_address_reports_go_to_the_sender(settings, delivery):
    settings.BOUNCE_ADDRESS, settings.BOUNCES_ARE_SIGNED = "letters@reviews.example", False

    assert path_of(delivery) == "letters@reviews.example"


# --- Forged


def test_every_changed_letter_of_a_return_path_makes_it_worthless(delivery):
    path = path_of(delivery)
    local = path.partition("@")[0]

    for place in range(len("bounces+"), len(local)):
        changed = path[:place] + ("1" if path[place] != "1" else "2") + path[place + 1 :]

        assert from_return_path(changed) is None, changed


def test_return_path_of_one_mail_does_not_do_for_another(delivery):
    token = delivery.subscriber.token(f"bounce {delivery.pk}")

    assert from_return_path(f"bounces+{delivery.pk + 1}.{token}@reviews.example") is None
    assert from_return_path(f"bounces+{delivery.pk}.{delivery.subscriber.token('leave')}@reviews.example") is None


@pytest.mark.parametrize(
    "to",
    [
        "bounces+1.1-00000000000000000000000000000000@reviews.example",
        "bounces+x@reviews.example",
        "bounces+999999999999999999.999999999999999999-00000000000000000000000000000000@reviews.example",
        "bounces+1.1-٠0000000000000000000000000000000@reviews.example",
    ],
)
def test_report_with_a_forged_signature_changes_nothing_even_if_it_knows_all_else(delivery, to):
    raw = returned.report(to=to, recipient="reader@home.example", returned=returned.headers_of(delivery))

    assert receive(raw) is None
    assert stands(delivery) == UNTOUCHED
    assert not BounceReport.objects.exists()


def test_signature_of_another_site_proves_nothing(delivery):
    other = path_of(delivery).replace("reviews.example", "elsewhere.example")

    assert from_return_path(other) is None
    assert receive(returned.report(to=other, recipient="nobody@home.example")) is None


def test_report_about_an_unknown_address_changes_nothing(delivery):
    assert receive(returned.report(recipient="somebody.else@home.example")) is None
    assert stands(delivery) == UNTOUCHED


@pytest.mark.parametrize("raw", [returned.report(), returned.complaint(returned="To: reader@home.example\r\n")])
def test_report_that_only_names_an_address_is_one_of_several_at_most(delivery, raw):
    report = receive(raw)

    assert report.kind == SOFT
    assert "Without proof" in report.detail
    assert stands(delivery) == UNTOUCHED


def test_report_that_only_names_an_address_counts_where_there_is_no_better_one(settings, delivery):
    settings.BOUNCE_ADDRESS, settings.BOUNCES_ARE_SIGNED = "letters@reviews.example", False

    receive(returned.report())

    assert stands(delivery) == GONE


def test_address_that_was_not_written_to_lately_cannot_have_bounced(settings, delivery):
    settings.BOUNCES_ARE_SIGNED = False
    Delivery.objects.update(changed_at=timezone.now() - timedelta(days=15))

    assert receive(returned.report()) is None


def test_message_id_alone_can_be_guessed_and_proves_nothing(delivery):
    headers = returned.headers_of(delivery, To="undisclosed")

    assert receive(returned.complaint(returned=headers)).kind == SOFT
    assert stands(delivery) == UNTOUCHED


def test_deleted_subscriber_is_nobody(delivery):
    path = path_of(delivery)
    delivery.subscriber.delete()

    assert receive(returned.report(to=path)) is None


# --- The command a mail server pipes into


def piped(monkeypatch, raw: bytes, *arguments: str) -> str:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    said = io.StringIO()
    call_command("receive_bounces", *arguments, stdout=said, stderr=said)
    return said.getvalue()


def test_command_counts_what_is_piped_in(monkeypatch, delivery):
    assert piped(monkeypatch, returned.report(to=path_of(delivery))) == "Counted: Address does not work 5.1.1\n"
    assert stands(delivery) == GONE


def test_command_takes_the_envelope_from_its_caller(monkeypatch, delivery):
    assert "Counted" in piped(monkeypatch, returned.report(), f"--to={path_of(delivery)}")


def test_command_ends_well_for_mail_that_is_no_report(monkeypatch):
    assert piped(monkeypatch, b"Subject: Hello\n\nNice site.") == "Nothing to count.\n"


def test_command_has_the_mail_server_try_again_when_the_database_is_away(monkeypatch):
    def away(*_arguments):
        raise OperationalError

    monkeypatch.setattr(bounces, "receive", away)

    with pytest.raises(SystemExit) as ended:
        piped(monkeypatch, b"Subject: Hello\n\n")

    assert ended.value.code == 75
