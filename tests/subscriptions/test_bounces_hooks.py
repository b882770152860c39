"""What providers report by web hook, as they write it."""

import base64
import hashlib
import hmac
import subprocess
import sys
import time
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.utils import timezone

from subscriptions import hooks
from subscriptions.frame import message_id
from subscriptions.models import BounceReport, Delivery, Mailing, Subscriber, Suppression
from tests.factories import SubscriberFactory

pytestmark = pytest.mark.django_db
HARD, SOFT, COMPLAINT, OURS = BounceReport.Kind
POSTMARK = "/letters/reports/postmark/"


@pytest.fixture
def reader():
    return SubscriberFactory(address="Reader@home.example")


@pytest.fixture
def postmark(settings):
    """A site that sends through Postmark."""
    settings.WEBHOOK_PROVIDER, settings.ANYMAIL = "postmark", {"WEBHOOK_SECRET": "reports:word"}


@pytest.fixture
def mailgun(settings):
    """A site that sends through Mailgun, which signs."""
    settings.WEBHOOK_PROVIDER, settings.ANYMAIL = "mailgun", {"MAILGUN_WEBHOOK_SIGNING_KEY": "key"}


def signed_in(words: str = "reports:word") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(words.encode()).decode()}


def bounce(**changes) -> dict:
    return {
        "RecordType": "Bounce",
        "ID": 4323372036854775807,
        "Type": "HardBounce",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Email": "reader@home.example",
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
        "BouncedAt": "2026-11-20T16:33:54.9070259Z",
    } | changes


def post(client, body: dict, headers: dict | None = None, path: str = POSTMARK):
    return client.post(path, body, content_type="application/json", headers=signed_in() if headers is None else headers)


def test_bounce_stops_mail_at_once(client, postmark, reader):
    response = post(client, bounce())

    assert response.status_code == 200
    reader.refresh_from_db()
    assert (reader.state, reader.ended) == ("left", "bounced")
    [report] = BounceReport.objects.all()
    assert (report.kind, report.status, report.subscriber) == (HARD, "5.1.1", reader)
    assert "@" not in report.detail


def test_complaint_ends_all_mail(client, postmark, reader):
    post(client, bounce(Type="SpamComplaint", RecordType="SpamComplaint", Details="Reported"))

    reader.refresh_from_db()
    assert (reader.ended, Suppression.objects.get().why) == ("complained", "complained")


def test_event_that_is_reported_twice_is_counted_once(client, postmark, reader):
    for _time in range(2):
        assert post(client, bounce(Type="Transient", Details="452 4.2.2 full", RecordType="Bounce")).status_code == 200
        assert post(client, bounce(Type="SoftBounce", Details="452 4.2.2 full")).status_code == 200

    assert [report.kind for report in BounceReport.objects.all()] == [SOFT]
    reader.refresh_from_db()
    assert (reader.state, reader.soft_bounces) == ("confirmed", 1)


@pytest.mark.parametrize(
    "headers", [{}, signed_in("reports:wrong"), signed_in("reports"), {"Authorization": "Basic %"}]
)
def test_caller_who_does_not_know_the_secret_changes_nothing(client, postmark, reader, headers):
    assert post(client, bounce(), headers).status_code == 400

    reader.refresh_from_db()
    assert reader.state == "confirmed"


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '"x"', "null", "\x00", '{"RecordType": 1}', '{"RecordType": "Bounce"}']
)
def test_what_cannot_be_read_is_refused_or_ignored(client, postmark, body):
    response = client.post(POSTMARK, body, content_type="application/json", headers=signed_in())

    assert response.status_code in (200, 400)
    assert not BounceReport.objects.exists()


def test_stranger_is_nobody(client, postmark, reader):
    assert post(client, bounce(Email="somebody@home.example")).status_code == 200

    assert not BounceReport.objects.exists()


def test_only_the_provider_in_use_has_a_door(client, postmark):
    assert client.post("/letters/reports/mailgun/").status_code == 404
    assert client.get(POSTMARK).status_code == 405


def test_site_without_a_provider_has_none(client):
    assert post(client, bounce()).status_code == 404


def mailgun_event(key: str = "key", **data) -> dict:
    stamp, token = str(int(time.time())), "t" * 50
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": stamp, "token": token, "signature": signature},
        "event-data": {
            "event": "failed",
            "severity": "permanent",
            "reason": "bounce",
            "recipient": "reader@home.example",
            "timestamp": time.time(),
            "delivery-status": {"code": 550, "message": "5.1.1 no such user"},
            "message": {"headers": {"message-id": "x@y.example"}},
        }
        | data,
    }


def test_signed_report_names_the_mail_it_is_about(client, mailgun, reader):
    identity = UUID(int=7)
    mailing = Mailing.objects.create(kind="digest", due_at=timezone.now(), identity=identity)
    delivery = Delivery.objects.create(mailing=mailing, subscriber=reader)
    headers = {"message-id": message_id(identity, delivery.pk).strip("<>")}

    response = post(client, mailgun_event(message={"headers": headers}), {}, "/letters/reports/mailgun/")

    assert response.status_code == 200
    assert (BounceReport.objects.get().delivery, BounceReport.objects.get().kind) == (delivery, HARD)


def test_report_with_a_wrong_signature_is_refused(client, mailgun, reader):
    assert post(client, mailgun_event("other"), {}, "/letters/reports/mailgun/").status_code == 400
    assert not BounceReport.objects.exists()


def event(kind: str, reason: str | None = None, said: str = "") -> SimpleNamespace:
    return SimpleNamespace(
        event_type=kind, reject_reason=reason, mta_response=said, description="", recipient="reader@home.example",
        message_id="m", event_id="e",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (event("bounced", "bounced"), HARD),
        (event("rejected", "invalid"), HARD),
        (event("bounced", "bounced", "452 4.2.2 full"), SOFT),  # what the server said weighs more
        (event("bounced", "bounced", "550 5.7.1 listed"), OURS),
        (event("bounced", "timed_out"), SOFT),
        (event("rejected", "blocked"), OURS),
        (event("bounced", "other", "550 unknown user"), HARD),
        (event("failed"), SOFT),
        (event("complained", "spam"), COMPLAINT),
        (event("delivered"), None),
        (event("deferred", None, "450 4.2.2"), None),
        (event("autoresponded"), None),
        (event("opened"), None),
        (event("unsubscribed"), None),
    ],
)
def test_what_an_event_means(reader, told, kind):
    report = hooks.hear(told, "Postmark")

    assert (report.kind if report else None) == kind


def test_reader_who_unsubscribes_at_the_provider_has_left(reader):
    hooks.hear(event("unsubscribed"), "Postmark")

    assert Subscriber.objects.get().ended == "reader"


@pytest.mark.once
def test_a_site_that_starts_loads_no_provider():
    code = "import django; django.setup(); import config.urls, sys; sys.exit(any(m.startswith('anymail') for m in sys.modules))"
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": ""}

    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0
