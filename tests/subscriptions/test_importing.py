"""Importing readers from the lists of other systems, and taking one's own along."""

import csv
import io
import tracemalloc
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reviews.models import Season
from subscriptions import exporting, importing, opt_in, privacy, tasks
from subscriptions.addresses import fingerprint
from subscriptions.importing import Fate, Origin
from subscriptions.models import Consent, Delivery, Departure, Subscriber, Suppression, Wording
from tests.admin.conftest import make_user
from tests.factories import LeftSubscriberFactory, PersonFactory, SignUpFactory, SubscriberFactory

pytestmark = pytest.mark.django_db
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers"
)
MAILCHIMP = '"Email Address","First Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,LEID,EUID,NOTES'
LISTS = {
    "Ghost": f"{GHOST}\n1,ann@example.org,Ann,,true,false,,2021-03-04T05:06:07.000Z,,,\n2,bo@example.org,,,false,false,,,,,",
    "Mailchimp": f'{MAILCHIMP}\nann@example.org,Ann,2,"2021-03-01 00:00:00",192.0.2.1,"2021-03-04 05:06:07",1,a,',
    "Mailchimp, those who left": f"{MAILCHIMP},UNSUB_TIME\nann@example.org,Ann,2,,,,1,a,,2022-01-01 00:00:00",
    "Substack": "email,active_subscription,expiry,plan,email_disabled,created_at\n"
    "ann@example.org,false,,free,false,2021-03-04T05:06:07.000Z\nbo@example.org,true,,x,true,2021-03-04T05:06:07.000Z",
    "WordPress": "Email address,Date subscribed,Subscription status\n"
    "ann@example.org,2021-03-04 05:06:07,Subscribed\nbo@example.org,2021-03-04,Not confirmed",
}


@pytest.fixture
def write(tmp_path):
    def written(text, encoding="utf-8"):
        file = tmp_path / "list.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return file

    return written


def imported(file):
    return importing.run(file, Origin("list.csv", by="owner"))


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("Ghost", {Fate.NEW: 1, Fate.ENDED: 1}),
        ("Mailchimp", {Fate.NEW: 1}),
        ("Mailchimp, those who left", {Fate.ENDED: 1}),
        ("Substack", {Fate.NEW: 1, Fate.ENDED: 1}),
        ("WordPress", {Fate.NEW: 1, Fate.ENDED: 1}),
    ],
)
def test_columns_of_other_systems_are_known_by_their_names(write, name, counts):
    report = imported(write(LISTS[name]))

    assert report.system == name.split(",")[0]
    assert {fate: count for fate, count in report.counts.items() if count} == counts
    if Fate.NEW in counts:
        consent = Consent.objects.get()
        assert consent.at == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
        assert consent.subscriber.address == "ann@example.org"


def test_consent_says_where_from_and_which_words_were_ticked(write):
    imported(write("Email\nann@example.org"))

    consent = Consent.objects.get()
    assert consent.what == Consent.What.IMPORTED
    assert consent.wording.text == importing.STATEMENT
    assert "list.csv, line 2; imported by owner on" in consent.proof
    assert consent.subscriber.source == "import: list.csv"
    assert timezone.now() - consent.subscriber.confirmed_at < timedelta(minutes=1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators(write, encoding, separator):
    text = (
        f'Name{separator}Email\r\n"Zoé{separator} Müller"{separator}zoe@example.org\r\nBo{separator}bo@example.org\r\n'
    )

    imported(write(text, encoding))

    assert set(Subscriber.objects.values_list("address", flat=True)) == {"zoe@example.org", "bo@example.org"}


@pytest.mark.parametrize(
    "bytes_", [b"", b"\n\n", b"\0\0\0\0", b"\xff\xfe", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"a,b\n1,2"]
)
def test_what_is_no_list_is_refused_in_words(write, bytes_):
    with pytest.raises(ValidationError, match=r"empty|No column of addresses|cannot be read"):
        imported(write(bytes_))


def test_cell_without_end_is_refused(write):
    with pytest.raises(ValidationError, match="cannot be read"):
        imported(write('Email\n"' + "x" * 300_000))


@pytest.mark.parametrize(
    "cell",
    [
        "no address",
        "a@b@c",
        '"ann@example.org, bo@example.org"',
        "x" * 400 + "@example.org",
        '"ann@example.org\nBcc: x@y.z"',
    ],
)
def test_bad_addresses_are_listed_with_line_and_reason(write, cell):
    report = imported(write(f"Email,Name\n{cell},X\nbo@example.org,Bo\n"))

    assert (report.counts[Fate.INVALID], report.counts[Fate.NEW]) == (1, 1)
    ((line, reason),) = report.faults
    assert line in (2, 3)
    assert reason


def test_nobody_is_brought_back_or_changed(write):
    left = LeftSubscriberFactory(address="left@example.org")
    known = SubscriberFactory(address="Known@example.org", rhythm="weekly", source="site")
    Suppression.objects.create(fingerprint=fingerprint("never@example.org"), why="asked", since=timezone.now())

    report = imported(
        write("Email\nLEFT@example.org\nknown@example.org\nnever@example.org\nnew@example.org\nnew@example.org")
    )

    left.refresh_from_db()
    assert (left.state, left.consents.count()) == ("left", 0)
    assert Subscriber.objects.get(pk=known.pk).rhythm == "weekly"
    assert {*Subscriber.objects.values_list("key", flat=True)} == {
        "left@example.org",
        "known@example.org",
        "new@example.org",
    }
    assert report.counts == {Fate.LEFT: 1, Fate.KNOWN: 1, Fate.SUPPRESSED: 1, Fate.TWICE: 1, Fate.NEW: 1}


def left_and_erased(address):
    subscriber = SubscriberFactory(address=address)
    subscriber.leave()
    privacy.erase(subscriber)


def erased(address):
    privacy.erase(SubscriberFactory(address=address))


def moved_away(address):
    opt_in.confirm(SignUpFactory(address="elsewhere@example.org", moves=SubscriberFactory(address=address)))


def left_elsewhere(address, write):
    imported(write(f"Email,Status\n{address.upper()},unsubscribed"))


@pytest.mark.parametrize("gone", [left_and_erased, erased, moved_away, left_elsewhere])
def test_no_list_brings_back_who_is_not_here_any_more(write, gone):
    gone("ada@example.org", *([write] if gone is left_elsewhere else []))

    report = imported(write("Email\nAda@example.org\nnew@example.org"))

    assert report.counts == {Fate.LEFT: 1, Fate.NEW: 1}
    assert not Subscriber.objects.filter(key="ada@example.org").exists()


@pytest.mark.parametrize("gone", [erased, moved_away])
def test_who_is_gone_can_sign_up_again_and_then_counts_as_any_reader(gone):
    gone("ada@example.org")

    subscriber = opt_in.confirm(SignUpFactory(address="ada@example.org"))

    assert subscriber.state == "confirmed"
    assert not Departure.objects.filter(fingerprint=fingerprint("ada@example.org")).exists()


def test_reader_of_ours_who_left_elsewhere_stays_and_nothing_is_kept_of_that(write):
    SubscriberFactory(address="ada@example.org")

    assert imported(write("Email,Status\nada@example.org,unsubscribed")).counts == {Fate.ENDED: 1}

    assert Subscriber.objects.get().state == "confirmed"
    assert not Departure.objects.exists()


@pytest.mark.parametrize("order", [("subscribed", "unsubscribed"), ("unsubscribed", "subscribed")])
def test_row_that_says_left_wins_wherever_it_stands(write, order, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 1)
    rows = "".join(f"Ada@example.org,{state}\n" for state in order)

    report = imported(write(f"Email,Status\n{rows}"))

    assert report.counts == {Fate.ENDED: 1, Fate.TWICE: 1}
    assert not Subscriber.objects.exists()
    assert Departure.objects.count() == 1


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("March 4, 2021", (2021, 3, 4)),
        ("4 March 2021", (2021, 3, 4)),
        ("Mar 4, 2021 05:06 PM", (2021, 3, 4)),
        ("25/12/2021", (2021, 12, 25)),
        ("12/25/2021 10:00", (2021, 12, 25)),
        ("04/03/2021", None),
        ("31/02/2021", None),
        ("once", None),
    ],
)
def test_day_of_consent_is_read_if_it_is_clear_and_kept_word_for_word(write, written, day):
    imported(write(f'Email,Created at\nann@example.org,"{written}"'))

    consent = Consent.objects.get()
    assert f"the list says: created at {written}" in consent.proof
    assert consent.at.date() == (date(*day) if day else timezone.now().date())


def test_network_addresses_of_the_other_system_are_kept(write):
    imported(
        write(
            f"{MAILCHIMP.replace('LEID', 'CONFIRM_IP')}\nann@example.org,Ann,2,2021-03-01 00:00:00,192.0.2.1,2021-03-04 05:06:07,192.0.2.2,a,"
        )
    )

    consent = Consent.objects.get()
    assert consent.network == "192.0.2.2"
    assert "optin ip 192.0.2.1" in consent.proof
    assert "confirm ip 192.0.2.2" in consent.proof


def test_dry_run_changes_nothing_and_says_the_same(write):
    SubscriberFactory(address="known@example.org")
    file = write("Email\nknown@example.org\nnew@example.org\nnot one")

    dry = importing.run(file)
    assert (Subscriber.objects.count(), Wording.objects.count()) == (1, 0)

    assert imported(file).counts == dry.counts
    assert Subscriber.objects.count() == 2


def test_importing_again_changes_nothing(write):
    file = write("Email\nnew@example.org")
    imported(file)

    assert imported(file).counts[Fate.KNOWN] == 1
    assert (Subscriber.objects.count(), Consent.objects.count()) == (1, 1)


def test_imported_readers_are_sent_nothing(write, mailoutbox):
    imported(write("Email\nnew@example.org"))

    assert not mailoutbox
    assert not Delivery.objects.exists()


def test_long_list_needs_no_more_queries_a_batch_and_no_more_memory(write, monkeypatch):
    def cost(lines):
        file = write("Email\n" + "".join(f"reader{number}@example.org\n" for number in range(lines)))
        tracemalloc.start()
        with CaptureQueriesContext(connection) as queries:
            importing.run(file)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return len(queries), peak

    monkeypatch.setattr(importing, "BATCH", 200)
    cost(400)
    few, small = cost(400)
    many, large = cost(4000)

    assert (few, many) == (6, 60)
    assert large < small * 1.5


# --- In the admin and from the command line


@pytest.fixture
def client(sign_in, owner):
    return sign_in(owner)


def upload(client, text="Email\nnew@example.org\nnot one", name="readers.csv"):
    file = io.BytesIO(text.encode())
    file.name = name
    return client.post(reverse("newsletters:import"), {"file": file})


def test_list_is_shown_before_it_is_imported_and_then_forgotten(client, settings):
    address = upload(client).url
    page = client.get(address).text
    assert "new reader" in page
    assert "has no @ sign" in page
    assert not Subscriber.objects.exists()

    assert "Tick the sentence" in client.post(address).text
    assert not Subscriber.objects.exists()
    assert "was imported" in client.post(address, {"consent": "1"}).text

    assert Subscriber.objects.get().address == "new@example.org"
    assert Consent.objects.get().proof.startswith("a list, readers.csv, line 2; imported by owner")
    assert not list((settings.DATA_DIR / "imports").iterdir())


def test_list_can_be_discarded(client, settings):
    address = upload(client).url
    assert "Discard the file" in client.get(address).text

    page = client.post(address, {"discard": "1"}, follow=True).text

    assert "the file is deleted" in page
    assert not list((settings.DATA_DIR / "imports").iterdir())
    assert not Subscriber.objects.exists()
    assert "is not here any more" in client.get(address, follow=True).text


def test_list_with_nobody_to_import_is_deleted_at_once(client, settings):
    SubscriberFactory(address="known@example.org")

    page = client.get(upload(client, "Email\nknown@example.org").url).text

    assert "There is nobody to import, and the file is deleted." in page
    assert not list((settings.DATA_DIR / "imports").iterdir())


def test_list_of_who_left_elsewhere_can_be_remembered(client):
    address = upload(client, "Email,Status\nada@example.org,unsubscribed").url
    assert "Remember who had left" in client.get(address).text

    client.post(address, {"consent": "1"})

    assert Departure.objects.get().fingerprint == fingerprint("ada@example.org")
    assert not Subscriber.objects.exists()


def test_lists_nobody_imports_are_deleted_within_the_hour_after_a_day(client, settings):
    upload(client)
    (file,) = (settings.DATA_DIR / "imports").iterdir()

    tasks.forget()
    assert file.exists()
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        tasks.forget()

    assert not file.exists()


def test_file_of_another_program_is_not_quoted(write):
    with pytest.raises(ValidationError, match="cannot be read as a table of text") as refused:
        imported(write(b"PK\x03\x04\x14\x00\x06\x00\x08\x00garbage,\x01more\n"))

    assert "garbage" not in str(refused.value)


def test_importing_twice_by_pressing_twice_is_answered(client):
    address = upload(client).url
    client.post(address, {"consent": "1"})

    assert "is not here any more" in client.post(address, {"consent": "1"}, follow=True).text
    assert Consent.objects.count() == 1


def test_list_of_another_person_cannot_be_opened(client, sign_in):
    address = upload(client).url
    other = sign_in(make_user("second", is_superuser=True))

    assert other.get(address).url == reverse("newsletters:import")


def test_what_is_no_list_is_said_on_the_page(client, settings):
    response = client.get(upload(client, "a,b\n1,2").url, follow=True)

    assert "No column of addresses was found" in response.text
    assert not list((settings.DATA_DIR / "imports").iterdir())


def test_command_needs_consent_and_reports(write, capsys):
    file = write("Email\nnew@example.org\nnot one")

    with pytest.raises(CommandError, match="--i-have-consent"):
        call_command("import_subscribers", str(file))
    call_command("import_subscribers", str(file), "--dry-run")
    assert not Subscriber.objects.exists()
    call_command("import_subscribers", str(file), "--i-have-consent")

    said = capsys.readouterr()
    assert "1 new reader." in said.out
    assert "Line 3: This address has no @ sign" in said.err
    assert Subscriber.objects.count() == 1


def test_command_says_why_a_file_cannot_be_read(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_subscribers", str(tmp_path / "none.csv"), "--dry-run")


def exported() -> list[dict]:
    return list(csv.DictReader(io.StringIO("".join(exporting.lines()).removeprefix("\ufeff"))))


def test_export_holds_everything_and_no_formula(client, subscriber):
    subscriber.follows.create(country="FR")
    subscriber.consents.create(what="asked", at=timezone.now(), page="/subscribe/", proof="=HYPERLINK(1)")
    subscriber.bounce_reports.create(
        kind="soft", status="4.2.2", detail="mailbox full", at=timezone.now(), identity="x"
    )
    Subscriber.objects.filter(pk=subscriber.pk).update(source="=1+1")
    SubscriberFactory(address="+plus@example.org")

    response = client.post(reverse("newsletters:export"))

    assert "attachment" in response.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert (rows[0]["Email address"], rows[0]["Follows"], rows[0]["Source"]) == (
        "ada@example.org",
        "country:FR",
        "'=1+1",
    )
    assert "Asked for mail" in rows[0]["Consents"]
    assert "Temporary 4.2.2 | mailbox full" in rows[0]["Reports that came back"]
    assert rows[1]["Email address"] == "'+plus@example.org"


def test_own_export_can_be_imported(write):
    SubscriberFactory(address="+plus@example.org")
    LeftSubscriberFactory(address="left@example.org")
    file = write("".join(exporting.lines()))
    Subscriber.objects.all().delete()

    report = imported(file)

    assert report.counts == {Fate.NEW: 1, Fate.ENDED: 1}
    assert Subscriber.objects.get().address == "+plus@example.org"


def test_own_export_brings_back_what_readers_had_chosen(write):
    chosen = {"rhythm": "weekly", "day": 1, "hour": 20, "only_followed": True}
    paused = (timezone.now() + timedelta(weeks=2)).replace(microsecond=0)
    reader = SubscriberFactory(address="ada@example.org", paused_until=paused, **chosen)
    person = PersonFactory(name="Claire Denis")
    reader.follows.create(person=person)
    reader.follows.create(country="FR")
    file = write("".join(exporting.lines()))
    Subscriber.objects.all().delete()

    report = imported(file)

    back = Subscriber.objects.get()
    assert {name: getattr(back, name) for name in chosen} == chosen
    assert back.paused_until == back.digests_from == paused
    assert [(follow.person, follow.country) for follow in back.follows.all()] == [(person, ""), (None, "FR")]
    assert report.lines == [(1, "new reader")]


def test_choices_that_mean_nothing_here_are_passed_over_and_counted(write):
    head = "Email address,Letters,Only what they follow,Day,Hour,Confirmed at,Why it ended,Follows"

    report = imported(
        write(f"{head}\nada@example.org,hourly,perhaps,7,24,,,person:gone; decade:1970; country:FR; country:FR")
    )

    back = Subscriber.objects.get()
    assert (back.rhythm, back.only_followed, back.day, back.hour) == ("each", False, 4, 8)
    assert back.follows.count() == 2
    assert report.lines[1] == (5, "choices or follows mean nothing here, and were passed over")


def test_who_is_kept_out_can_be_exported_without_addresses(client):
    Suppression.objects.create(fingerprint=fingerprint("ada@example.org"), why="asked", since=timezone.now(), note="=1")
    erased("eve@example.org")

    response = client.post(reverse("newsletters:export-kept-out"))

    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert [(row["Fingerprint"], row["Why"], row["Note"]) for row in rows] == [
        (fingerprint("ada@example.org"), "asked", "'=1"),
        (fingerprint("eve@example.org"), "left", ""),
    ]
    assert all(datetime.fromisoformat(row["Since"]) for row in rows)


def test_export_costs_the_same_number_of_queries_for_each_batch(django_assert_num_queries):
    for _ in range(2):
        for subscriber in SubscriberFactory.create_batch(3):
            subscriber.follows.create(decade=1970)
            subscriber.follows.create(season=Season.objects.create(title=subscriber.key))
            subscriber.consents.create(what="asked", at=timezone.now())
        with django_assert_num_queries(5):
            exported()
