"""What is held about a subscriber can be had by them, and forgotten, everywhere."""

import io
import json
import logging
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.utils import timezone

from reviews.models import Publication
from subscriptions import opt_in, privacy
from subscriptions.addresses import fingerprint, masked
from subscriptions.models import (
    BounceReport,
    Consent,
    Delivery,
    Follow,
    Mailing,
    SignUp,
    Subscriber,
    Suppression,
)
from tests.factories import PersonFactory, SignUpFactory, SubscriberFactory
from tests.subscriptions.pages import BROWSER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("publication")]


@pytest.fixture
def reader():
    return Client(enforce_csrf_checks=True, headers=BROWSER)


def held_about(address):
    """A subscriber we hold something of every kind about."""
    person = PersonFactory(name="Claire Denis")
    signup = SignUpFactory(address=address, follow="person:claire-denis", mailed_at=timezone.now())
    subscriber = opt_in.confirm(signup, "192.0.2.8")
    mailing = Mailing.objects.create(
        kind="digest", due_at=timezone.now(), identity="0" * 32, content={"subject": "Solaris"}
    )
    reasons = {"reasons": ["You follow Claire Denis"]}
    Delivery.objects.create(mailing=mailing, subscriber=subscriber, state="accepted", reasons=reasons, answer="250 ok")
    BounceReport.objects.create(subscriber=subscriber, kind="soft", status="4.2.2", at=timezone.now(), identity="x")
    assert subscriber.follows.get().person == person
    return subscriber


def download(reader, subscriber, address):
    return reader.post(f"/letters/{subscriber.token('letters')}/download/", {"email": address})


NOT_FOR_READERS = {"id", "secret", "key"}  # keys of ours; the last is the address once more


def test_no_column_of_a_subscriber_is_missing_from_the_download(subscriber):
    columns = {field.attname for field in Subscriber._meta.concrete_fields} - NOT_FOR_READERS

    assert len(privacy.everything_about(subscriber)["subscriber"]) == len(columns)


def test_everything_held_can_be_downloaded(reader):
    subscriber = held_about("ada@example.org")

    response = download(reader, subscriber, "ADA@example.org")

    held = json.loads(response.content)
    assert response["Content-Disposition"] == 'attachment; filename="held-about-me.json"'
    assert "no-store" in response["Cache-Control"]
    assert held["subscriber"]["address"] == "ada@example.org"
    assert held["subscriber"]["confirmed_at"]
    assert [follow["name"] for follow in held["follows"]] == ["Claire Denis"]
    asked, confirmed = held["consents"]
    assert (asked["what"], asked["page"], asked["network_address"]) == (
        "Asked for mail",
        "/reviews/solaris/",
        "192.0.2.7",
    )
    assert (confirmed["what"], confirmed["network_address"]) == ("Confirmed the address", "192.0.2.8")
    assert [(one["letter"], one["state"], one["reasons"]) for one in held["deliveries"]] == [
        ("Solaris", "Accepted", {"reasons": ["You follow Claire Denis"]})
    ]
    assert [report["status"] for report in held["reports_that_came_back"]] == ["4.2.2"]
    assert [one["address"] for one in held["sign_ups"]] == ["ada@example.org"]


def test_consent_of_the_form_holds_every_proof_verbatim(reader):
    page = reader.get("/subscribe/").content.decode()
    reader.post("/subscribe/", {"email": "ada@example.org", "page": "/people/claire-denis/"})
    subscriber = opt_in.confirm(SignUp.objects.get(), "192.0.2.8")
    Publication.objects.update(name="Another Name")

    asked, confirmed = json.loads(download(reader, subscriber, "ada@example.org").content)["consents"]

    assert asked["wording"] == confirmed["wording"]
    assert asked["wording"] in page
    assert "Second Reel" in asked["wording"]
    assert all(asked[fact] for fact in ("what", "at", "page", "network_address", "proof"))
    assert all(confirmed[fact] for fact in ("what", "at", "page", "network_address", "proof"))


@pytest.mark.parametrize("typed", ["", "eve@example.org", "x" * 9000, "\x00"])
def test_whoever_was_passed_a_letter_cannot_download(reader, typed):
    subscriber = SubscriberFactory(address="ada@example.org")

    response = download(reader, subscriber, typed)

    assert response.status_code == 422
    assert b"ada@example.org" not in response.content
    assert b'id="o-err"' in response.content


def test_download_and_erasure_need_a_press(client):
    subscriber = SubscriberFactory()

    downloaded = client.get(f"/letters/{subscriber.token('letters')}/download/")
    page = client.get(f"/letters/{subscriber.token('letters')}/erase/")

    assert b"Delete everything now" in page.content
    assert "no imported list brings you back" in page.text
    assert (downloaded.status_code, downloaded.headers.get("Content-Disposition")) == (303, None)
    assert subscriber.address.encode() not in page.content
    assert Subscriber.objects.count() == 1


def test_erasing_leaves_only_the_sum_of_deliveries(client):
    subscriber = held_about("ada@example.org")
    SignUpFactory(address="Ada@example.org")
    SignUpFactory(address="new@example.org", moves=subscriber)
    other = SubscriberFactory(address="eve@example.org")
    SignUpFactory(address="eve@example.org")

    response = client.post(f"/letters/{subscriber.token('letters')}/erase/")

    assert (response.status_code, b"All gone" in response.content) == (200, True)
    assert list(Subscriber.objects.all()) == [other]
    assert [one.address for one in SignUp.objects.all()] == ["eve@example.org"]
    assert [model.objects.count() for model in (Follow, Consent, BounceReport)] == [0, 0, 0]
    delivery = Delivery.objects.get()
    assert (delivery.subscriber, delivery.state) == (None, "accepted")
    assert client.post(f"/letters/{subscriber.token('letters')}/erase/").status_code == 404


def test_suppression_outlives_erasure_as_a_hash(client):
    subscriber = SubscriberFactory(address="ada@example.org")
    Suppression.objects.create(fingerprint=fingerprint("ada@example.org"), why="complained", since=timezone.now())

    client.post(f"/letters/{subscriber.token('letters')}/erase/")
    SignUpFactory(address="ada@example.org")

    assert opt_in.is_suppressed("ADA@example.org")
    assert opt_in.write_due() == 0
    assert "ada" not in Suppression.objects.get().fingerprint


@pytest.mark.django_db(transaction=True)
def test_no_plain_address_is_left_in_any_file_of_ours(reader, settings, tmp_path):
    address = "needle-in-a-haystack@example.org"
    for number in range(40):
        SubscriberFactory(address=f"filler{number}@example.org")
    subscriber = held_about(address)
    reader.get(f"/letters/{subscriber.token('letters')}/")
    EmailMessage("s", "b", to=["other@example.org"]).send()

    reader.post(f"/letters/{subscriber.token('letters')}/erase/")
    privacy.scrub()

    database = Path(str(connection.settings_dict["NAME"]))
    folders = [site.MEDIA_ROOT, tmp_path, *([database.parent] if connection.vendor == "sqlite" else [])]
    files = [file for folder in folders for file in Path(folder).rglob("*") if file.is_file()]
    if connection.vendor == "sqlite":
        assert database in files
    assert [file for file in files if b"needle-in-a-haystack" in file.read_bytes()] == []
    assert "needle" not in repr(getattr(cache, "_cache", ""))
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            assert "needle-in-a-haystack" not in repr(cursor.fetchall()), table


def test_logs_hold_no_address(reader, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(lambda record: not record.name.startswith("django.db"))  # SQL is logged only by DEBUG
    for typed in ("ada@example.org", "ada@example", "ada@gmial.com"):
        reader.post("/subscribe/", {"email": typed})
    opt_in.write_due()
    subscriber = opt_in.confirm(SignUp.objects.get())
    opt_in.write_due()
    for part in ("", "move/", "download/", "erase/"):
        reader.post(f"/letters/{subscriber.token('letters')}/{part}", {"email": "ada@example.org"})

    assert "ada@" not in caplog.text


def test_masked_address_names_nobody():
    assert masked("ada@example.org") == "a…@example.org"
    assert str(Subscriber(address="ada@example.org")) == "a…@example.org"


def test_logs_hold_no_secret_address(reader, caplog):
    subscriber = SubscriberFactory(address="ada@example.org")
    signup = SignUpFactory(used_at=timezone.now())

    assert reader.post(f"/letters/{subscriber.token('letters')}/move/", {"email": "x"}).status_code == 422
    assert reader.post(f"/subscribe/confirm/{signup.token}/").status_code == 410

    assert caplog.text == ""


@pytest.mark.parametrize("path", ["/letters/{}/", "/letters/{}/follow/", "/letters/{}/erase/", "/letters/leave/{}"])
def test_refused_methods_log_no_secret_address(client, caplog, path):
    subscriber = SubscriberFactory()
    token = subscriber.token("leave" if "leave" in path else "letters")

    assert client.delete(path.format(token)).status_code == 405
    assert client.delete(path.format(f"{token}x")).status_code == 404
    assert client.delete(f"/subscribe/confirm/{(signup := SignUpFactory()).token}/").status_code == 405

    assert caplog.text.count("Method Not Allowed") == 2
    assert token.split("-")[1] not in caplog.text
    assert signup.token.split("-")[1] not in caplog.text


@pytest.fixture
def written():
    """What the site's own handler writes."""
    handler = next(one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    lines = io.StringIO()
    stream = handler.setStream(lines)
    yield lines
    handler.setStream(stream)


def test_faults_and_wrong_turns_are_logged_without_the_secret(client, written, monkeypatch):
    token = SubscriberFactory().token("letters")
    confirm = SignUpFactory().token

    def fail(*args):
        raise RuntimeError(f"No letter at /letters/{token}/")

    monkeypatch.setattr("subscriptions.following.find", fail)
    client.raise_request_exception = False
    assert client.get(f"/letters/{token}/").status_code == 500
    assert client.get(f"/letters/{token}/nowhere/").status_code == 404
    assert client.get(f"/subscribe/confirm/{confirm}/nowhere/").status_code == 404

    lines = written.getvalue()
    assert "Internal Server Error: /letters/…/\n" in lines
    assert "RuntimeError: No letter at /letters/…/" in lines
    assert "Not Found: /letters/…/nowhere/" in lines
    assert "Not Found: /subscribe/confirm/…/nowhere/" in lines
    assert token.split("-")[1] not in lines
    assert confirm.split("-")[1] not in lines
