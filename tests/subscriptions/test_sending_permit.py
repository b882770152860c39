"""A database restored from a backup, or copied elsewhere, sends nothing until a person says so."""

import json
import os
import shutil
from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions import control, ledger, opt_in, permit, releases, sending, tasks
from subscriptions.models import Mailing, SendingPermit
from tests.subscriptions.mailings import just_published, ready_mailing, send_all, states, waiting_mailing

pytestmark = pytest.mark.django_db


@pytest.fixture
def stamp(settings):
    return settings.DATA_DIR / permit.STAMP


def backup() -> dict:
    return SendingPermit.objects.values().get()


def restore(values: dict) -> None:
    SendingPermit.objects.update(**values)


def test_fresh_site_may_send_and_gets_its_stamp(stamp):
    assert permit.may_send()
    assert permit.may_send()
    assert json.loads(stamp.read_text())["address"] == "http://testserver"


def test_number_counts_up_outside_the_database_while_mail_goes_out(smtp_server, stamp):
    mailing = ready_mailing(readers=2)
    started = json.loads(stamp.read_text())["number"]

    send_all(mailing)

    assert json.loads(stamp.read_text())["number"] > started > 0
    assert json.loads(stamp.read_text())["number"] == SendingPermit.objects.get().number


def test_restored_database_sends_nothing_and_then_asks_for_each_mailing(smtp_server):
    mailing = ready_mailing(readers=3)
    before = backup()
    send_all(mailing)
    restore(before)
    mailing.deliveries.update(state="queued")
    Mailing.objects.update(state="sending", finished_at=None)
    waiting = waiting_mailing()

    assert sending.send(mailing) == 0
    assert sending.start_due(waiting.due_at) == 0
    assert "restored from a backup" in permit.why_not()
    assert SendingPermit.objects.get().held_since is not None

    permit.allow("Ada")
    assert permit.may_send()
    assert set(Mailing.objects.values_list("state", flat=True)) == {"held"}
    assert sending.send(mailing) == 0
    assert len(smtp_server.taken) == 3

    control.resume(mailing)
    send_all(mailing)
    assert states(mailing) == {"accepted": 3}


def test_backup_made_while_mails_go_out_is_noticed_when_restored(smtp_server, monkeypatch):
    mailing, backups = ready_mailing(readers=3), []
    turn = ledger.Ledger.turn
    monkeypatch.setattr(ledger.Ledger, "turn", lambda *args: backups.append(backup()) or turn(*args))
    sending.send(mailing)

    restore(backups[0])

    assert "restored from a backup" in permit.why_not()


def test_what_a_restored_database_had_still_to_release_is_held_as_well(stamp):
    permit.may_send()
    permit.count_up()
    stamp.unlink()
    releases.decide(just_published(), "now")
    assert not permit.may_send()

    permit.allow("Ada")

    assert releases.release_due(timezone.now()) == 0
    assert Mailing.objects.get().state == "held"


def test_worker_that_may_not_send_does_not_try_in_a_hurry(smtp_server, stamp, monkeypatch):
    ready_mailing(readers=1)
    stamp.unlink()
    asked, send = [], sending.send
    monkeypatch.setattr(sending, "send", lambda mailing: asked.append(mailing) or send(mailing))

    tasks.keep_sending()

    assert len(asked) == 1
    assert smtp_server.taken == []


def test_database_copied_to_another_machine_may_not_send(stamp):
    permit.may_send()
    permit.count_up()
    stamp.unlink()

    assert "copy" in permit.why_not()
    assert not permit.may_send()


def test_folder_restored_or_copied_as_a_whole_may_not_send(stamp):
    permit.may_send()
    copy = stamp.with_name("copy")
    shutil.copy(stamp, copy)
    copy.replace(stamp)

    assert "restored from a backup or copied" in permit.why_not()


def test_folder_put_back_where_its_file_had_been_may_not_send(stamp):
    """File systems such as ext4 give the number of a deleted file to the next one that is made."""
    permit.may_send()
    folder, copy = stamp.parent, stamp.parent.with_name("copy")
    unnoticed = []
    for _ in range(10):
        shutil.copytree(folder, copy)
        shutil.rmtree(folder)
        shutil.copytree(copy, folder)
        shutil.rmtree(copy)
        unnoticed += [] if permit.why_not() else ["here"]

    assert unnoticed == []


def test_folder_that_is_moved_or_changes_its_owner_may_send(stamp, settings):
    permit.may_send()
    stamp.chmod(0o600)
    settings.DATA_DIR = stamp.parent.rename(stamp.parent.with_name("elsewhere"))

    assert permit.may_send()


def test_copy_made_before_the_first_newsletter_may_not_send(stamp):
    permit.settle()
    stamp.unlink()

    assert not permit.may_send()


def test_looking_whether_letters_may_be_sent_changes_nothing(stamp):
    assert permit.why_not() == ""
    assert not stamp.exists()
    assert not SendingPermit.objects.exists()

    permit.may_send()
    stamp.unlink()
    assert "copy" in permit.why_not()
    assert SendingPermit.objects.get().held_since is None


def test_drafts_of_the_stamp_that_killed_workers_left_are_removed(stamp):
    left, fresh = (stamp.with_name(f"{stamp.name}.{name}") for name in ("left", "fresh"))
    for draft in (left, fresh):
        draft.touch()
    os.utime(left, (0, 0))

    permit.may_send()

    assert sorted(path.name for path in stamp.parent.glob("sending*")) == [stamp.name, fresh.name]


def test_sign_ups_that_waited_in_the_original_are_mailed_by_a_copy_only_when_allowed(stamp, publication, mailoutbox):
    permit.may_send()
    opt_in.ask(opt_in.Asked("waiting@example.org"))
    stamp.unlink()

    assert opt_in.write_due() == 0
    opt_in.ask(opt_in.Asked("new@example.org"))
    opt_in.write_due()
    assert [mail.to for mail in mailoutbox] == [["new@example.org"]]

    permit.allow("Ada")
    opt_in.write_due()
    assert [mail.to for mail in mailoutbox[1:]] == [["waiting@example.org"]]


@pytest.mark.parametrize("change", ["address", "site"])
def test_site_at_another_address_or_beside_anothers_stamp_may_not_send(stamp, settings, change):
    permit.may_send()
    if change == "address":
        settings.SITE_URL = "https://staging.example"
    else:
        SendingPermit.objects.update(site="another")

    assert not permit.may_send()
    permit.allow("Ada")
    assert permit.may_send()


def test_hold_stays_although_the_stamp_comes_back(stamp):
    permit.may_send()
    permit.count_up()
    kept = stamp.with_name("kept")
    stamp.rename(kept)
    assert not permit.may_send()
    kept.rename(stamp)

    assert not permit.may_send()


@pytest.mark.parametrize("text", ["", "not json", "{}", "[1]"])
def test_stamp_that_cannot_be_read_holds(stamp, text):
    permit.may_send()
    permit.count_up()
    stamp.write_text(text)

    assert not permit.may_send()


def test_worker_killed_between_database_and_stamp_goes_on(stamp):
    permit.may_send()
    permit.count_up()
    SendingPermit.objects.update(number=SendingPermit.objects.get().number + 1)

    assert permit.may_send()


def test_stamp_of_several_machines_lies_in_their_bucket(stamp, settings):
    settings.MEDIA_STORAGE = "s3"  # the default storage stands in for the bucket
    permit.may_send()

    assert not stamp.exists()
    assert (settings.MEDIA_ROOT / permit.STAMP).exists()
    assert permit.may_send()


def test_new_copy_is_held_once(stamp):
    permit.may_send()
    permit.count_up()
    stamp.unlink()
    now = timezone.now()
    permit.may_send(now)
    permit.may_send(now + timedelta(hours=1))

    assert SendingPermit.objects.get().held_since == now


def test_stamp_that_another_worker_is_about_to_write_is_waited_for(monkeypatch):
    SendingPermit.current()
    SendingPermit.objects.update(number=1)
    monkeypatch.setattr(permit.time, "sleep", lambda seconds: permit._write(SendingPermit.current()))

    assert permit.may_send()
    assert SendingPermit.current().held_since is None


def test_worker_that_counts_up_while_another_looks_makes_no_copy_of_the_site(monkeypatch):
    assert permit.may_send()
    read = permit._read

    def read_after_another_has_counted():
        permit.count_up()
        return read()

    monkeypatch.setattr(permit, "_read", read_after_another_has_counted)
    monkeypatch.setattr(permit, "A_MOMENT", 0)

    assert permit.may_send()
