"""Newsletters in the admin: who may open what, how the numbers are shown, and what buttons do."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from subscriptions import control, figures, permit
from subscriptions.addresses import fingerprint
from subscriptions.models import BounceReport, Consent, Delivery, Mailing, Subscriber, Suppression
from tests.factories import LeftSubscriberFactory, SubscriberFactory
from tests.subscriptions.mailings import just_published, ready_mailing, waiting_mailing

pytestmark = pytest.mark.django_db
WHO = ["anonymous", "ada", "editor", "owner"]
DAY = timedelta(days=1)


@pytest.fixture
def suppression(db):
    return Suppression.objects.create(fingerprint=fingerprint("gone@example.org"), why="bounced", since=timezone.now())


@pytest.fixture
def addresses(subscriber, suppression, publication):
    """Every page of the app, by a name."""
    mailing = ready_mailing()
    return {
        "dashboard": reverse("newsletters:dashboard"),
        "mailings": reverse("admin:subscriptions_mailing_changelist"),
        "mailing": reverse("admin:subscriptions_mailing_change", args=[mailing.pk]),
        "mailing history": reverse("admin:subscriptions_mailing_history", args=[mailing.pk]),
        "release": reverse("newsletters:release", args=[mailing.review_id]),
        "letter": reverse("newsletters:letter", args=[mailing.review_id]),
        "subscribers": reverse("admin:subscriptions_subscriber_changelist"),
        "subscriber": reverse("admin:subscriptions_subscriber_change", args=[subscriber.pk]),
        "subscriber history": reverse("admin:subscriptions_subscriber_history", args=[subscriber.pk]),
        "suppressions": reverse("admin:subscriptions_suppression_changelist"),
        "suppression": reverse("admin:subscriptions_suppression_change", args=[suppression.pk]),
        "check": reverse("newsletters:check"),
        "permit": reverse("newsletters:permit"),
        "import": reverse("newsletters:import"),
        "adding by hand": reverse("admin:subscriptions_subscriber_add"),
        "deleting": reverse("admin:subscriptions_mailing_delete", args=[mailing.pk]),
    }


OWNERS_ONLY = {"permit", "import"}
NOBODYS = {"adding by hand", "deleting"}


@pytest.mark.parametrize("who", WHO)
def test_pages_open_to_whom_they_are_for(request, who, client, addresses):
    if who != "anonymous":
        person = request.getfixturevalue(who)
        client.force_login(getattr(person, "user", person))

    found = {name: client.get(address).status_code for name, address in addresses.items()}

    def expected(name):
        if who == "anonymous":
            return 302
        if who == "ada" or name in NOBODYS or (who == "editor" and name in OWNERS_ONLY):
            return 403
        return 200

    assert found == {name: expected(name) for name in addresses}


@pytest.mark.parametrize(("who", "expected"), [("anonymous", 302), ("ada", 403), ("editor", 403), ("owner", 200)])
def test_export_is_for_who_sees_addresses(request, who, expected, client):
    if who != "anonymous":
        person = request.getfixturevalue(who)
        client.force_login(getattr(person, "user", person))

    assert client.post(reverse("newsletters:export")).status_code == expected


def test_authors_see_nothing_of_newsletters_on_the_desk(sign_in, ada, subscriber):
    page = sign_in(ada).get(reverse("admin:index")).text

    assert "Newsletters" not in page
    assert "Mailings" not in page


@pytest.mark.parametrize(("who", "act"), [("ada", "cancel"), ("ada", "pause")])
def test_buttons_are_for_who_may_press_them(request, sign_in, who, act):
    mailing = ready_mailing(readers=1)

    response = sign_in(request.getfixturevalue(who)).post(_page(mailing), {"act": act, "sure": 1})

    assert response.status_code == 403
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.SENDING


def test_editors_may_not_erase(sign_in, editor, subscriber):
    assert sign_in(editor).post(_page(subscriber), {"act": "erase", "sure": 1}).status_code == 403
    assert Subscriber.objects.filter(pk=subscriber.pk).exists()


# --- Mailings


def _page(record) -> str:
    return reverse(f"admin:subscriptions_{record._meta.model_name}_change", args=[record.pk])


def _set_states(mailing, **counts):
    rows = iter(mailing.deliveries.order_by("pk"))
    for state, count in counts.items():
        for _ in range(count):
            Delivery.objects.filter(pk=next(rows).pk).update(state=state, answer="550 no such user")


def test_report_of_a_mailing_adds_up(sign_in, editor, publication):
    mailing = ready_mailing(readers=10)
    _set_states(mailing, accepted=4, failed=2, unknown=1, excluded=1)

    response = sign_in(editor).get(_page(mailing))

    lines = dict(response.context["lines"])
    assert sum(lines.values()) == response.context["report"]["total"] == 10
    assert (lines["Waiting"], lines["Failed"], lines["Unknown"], lines["Left out"]) == (2, 2, 1, 1)
    assert list(response.context["acts"]) == ["pause", "cancel", "retry", "resend"]
    assert "550 no such user" in response.text


def test_list_counts_what_was_accepted_without_counting_it(sign_in, editor, publication):
    mailing = ready_mailing(readers=5)
    _set_states(mailing, accepted=3, failed=1)

    listed = list(figures.listed(Mailing.objects.all()))
    figures.count_states(listed)

    assert (listed[0].counts["accepted"], listed[0].counts["failed"], listed[0].to_come) == (3, 1, 1)
    assert str(mailing.review.film) in sign_in(editor).get(reverse("admin:subscriptions_mailing_changelist")).text


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        ("pause", "sending", "paused"),
        ("resume", "paused", "sending"),
        ("cancel", "sending", "cancelled"),
        ("send", "held", "sending"),
        ("drop", "held", "cancelled"),
    ],
)
def test_buttons_of_a_mailing_work_once_however_often_they_are_pressed(sign_in, editor, act, before, after):
    mailing = ready_mailing(readers=2)
    Mailing.objects.filter(pk=mailing.pk).update(state=before)
    client = sign_in(editor)

    first = client.post(_page(mailing), {"act": act, "sure": 1}, follow=True)
    second = client.post(_page(mailing), {"act": act, "sure": 1}, follow=True)

    mailing.refresh_from_db()
    assert mailing.state == after
    assert "Nothing was left to do" not in first.text
    assert "Nothing was left to do" in second.text
    assert LogEntry.objects.filter(object_id=str(mailing.pk)).count() == 1


@pytest.mark.parametrize("act", ["cancel", "resend", "send"])
def test_grave_buttons_ask_first(sign_in, editor, act):
    mailing = ready_mailing(readers=1)
    before = mailing.state

    page = sign_in(editor).post(_page(mailing), {"act": act}).text

    assert 'name="sure"' in page
    mailing.refresh_from_db()
    assert mailing.state == before


def test_retry_touches_the_failed_and_resend_the_unknown(sign_in, editor):
    mailing = ready_mailing(readers=4)
    _set_states(mailing, accepted=1, failed=1, unknown=2)
    client = sign_in(editor)

    page = client.post(_page(mailing), {"act": "retry"}, follow=True).text
    assert "1 waits to be sent again" in page
    assert control.report(mailing)["counts"]["unknown"] == 2

    client.post(_page(mailing), {"act": "resend", "sure": 1})
    assert control.report(mailing)["counts"] == dict.fromkeys(Delivery.State.values, 0) | {"accepted": 1, "queued": 3}


def test_unknown_button_does_nothing(sign_in, editor):
    mailing = ready_mailing(readers=1)

    assert "There is no such button" in sign_in(editor).post(_page(mailing), {"act": "\0"}, follow=True).text


def test_what_followed_a_mailing_is_counted(publication):
    mailing = ready_mailing(readers=3)
    _set_states(mailing, accepted=3)
    first, second, _third = mailing.deliveries.order_by("pk")
    first.subscriber.leave(Subscriber.Ended.READER)
    second.subscriber.leave(Subscriber.Ended.BOUNCED)
    BounceReport.objects.create(
        subscriber=second.subscriber, delivery=second, kind="hard", at=timezone.now(), identity="x"
    )
    LeftSubscriberFactory()

    assert figures.aftermath(mailing) == {"bounced": 1, "bounce_kinds": [("Address does not work", 1)], "left": 1}


@pytest.mark.parametrize("many", [1, 3])
def test_pages_cost_the_same_however_much_there_is(
    sign_in,
    editor,
    django_assert_num_queries,
    publication,
    many,
):
    client = sign_in(editor)
    for _ in range(many):
        mailing = ready_mailing(readers=many + 1)
        _set_states(mailing, failed=1)
    reader = Subscriber.objects.earliest("pk")
    for number in range(many):
        Consent.objects.create(subscriber=reader, what="changed", at=timezone.now(), proof=str(number))
    permit.why_not()

    costs = {
        reverse("newsletters:dashboard"): 12,
        reverse("admin:subscriptions_mailing_changelist"): 8,
        _page(mailing): 14,
        reverse("admin:subscriptions_subscriber_changelist"): 7,
        _page(reader): 12,
    }
    for address, count in costs.items():
        with django_assert_num_queries(count):
            assert client.get(address).status_code == 200


# --- Subscribers


def test_editors_see_addresses_masked_and_the_owner_whole(sign_in, editor, owner, subscriber):
    pages = [reverse("admin:subscriptions_subscriber_changelist"), _page(subscriber)]

    for page in pages:
        assert "ada@example.org" in sign_in(owner).get(page).text
        masked = sign_in(editor).get(page).text
        assert "ada@example.org" not in masked
        assert "a…@example.org" in masked


@pytest.mark.parametrize(
    ("who", "typed", "found"),
    [
        ("owner", "ada@example.org", 1),
        ("owner", "ADA@Example.org ", 1),
        ("owner", "ad", 1),
        ("owner", "ada@example", 1),
        ("owner", "@example.org", 1),
        ("owner", "@example.net", 0),
        ("owner", "%", 0),
        ("owner", "da@", 0),
        ("owner", "a" * 10_000, 0),
        ("editor", "ada@example.org", 1),
        ("editor", "ad", 0),
        ("editor", "@example.org", 0),
    ],
)
def test_subscribers_are_found_by_address(request, sign_in, subscriber, who, typed, found):
    client = sign_in(request.getfixturevalue(who))

    response = client.get(reverse("admin:subscriptions_subscriber_changelist"), {"q": typed})

    assert response.context["cl"].result_count == found


def test_filters_of_subscribers(sign_in, editor, subscriber):
    LeftSubscriberFactory()
    subscriber.follows.create(country="FR")
    client = sign_in(editor)

    def count(**filters):
        response = client.get(reverse("admin:subscriptions_subscriber_changelist"), filters)
        return response.context["cl"].result_count

    assert count() == 2
    assert [count(state="left"), count(ended="reader"), count(rhythm="weekly")] == [1, 1, 0]
    assert [count(follows="yes"), count(follows="no"), count(follows="\0")] == [1, 1, 2]


def test_filters_by_what_they_get_and_where_they_came_from_say_how_many_on_demand(sign_in, editor, subscriber):
    SubscriberFactory(paused_until=timezone.now() + DAY, source="import: old.csv", only_followed=True)
    SubscriberFactory(paused_until=timezone.now() - DAY, source="site")
    client, address = sign_in(editor), reverse("admin:subscriptions_subscriber_changelist")

    def count(**filters):
        return client.get(address, filters).context["cl"].result_count

    LeftSubscriberFactory(paused_until=timezone.now() + DAY)
    assert [count(paused="yes"), count(paused="no")] == [1, 3]
    Subscriber.objects.filter(state="left").delete()
    assert [count(imported="yes"), count(imported="no")] == [1, 2]
    assert [count(only_followed="True"), count(only_followed="False")] == [1, 2]
    text = " ".join(client.get(address, {"_facets": "True"}).text.split())
    assert "Only what they follow (1)" in text
    assert "Once a week (0)" in text


def test_day_of_the_weekly_letter_is_named(sign_in, editor, subscriber):
    Subscriber.objects.update(rhythm="weekly", day=2, hour=18)

    response = sign_in(editor).get(reverse("admin:subscriptions_subscriber_change", args=[subscriber.pk]))

    assert "Once a week, on Wednesdays, at 18:00" in response.content.decode()


def test_taking_off_is_noted_and_done_once(sign_in, editor, subscriber):
    client = sign_in(editor)

    for _ in range(2):
        client.post(_page(subscriber), {"act": "leave", "sure": 1})

    subscriber.refresh_from_db()
    assert (subscriber.state, subscriber.ended) == ("left", "editor")
    assert [consent.proof for consent in subscriber.consents.all()] == ["Taken off by editor"]


def test_never_writing_again_outlives_the_subscriber(sign_in, owner, subscriber):
    client = sign_in(owner)

    client.post(_page(subscriber), {"act": "suppress", "sure": 1})
    client.post(_page(subscriber), {"act": "erase", "sure": 1})

    assert not Subscriber.objects.exists()
    assert Suppression.objects.get().fingerprint == fingerprint("ada@example.org")
    assert "ada@example.org" not in str(list(LogEntry.objects.values()))


# --- The suppression list


@pytest.mark.parametrize(("typed", "words"), [("Gone@example.org", "It is on the list"), ("x@example.org", "not on")])
def test_one_address_can_be_asked_for(sign_in, editor, suppression, typed, words):
    assert words in sign_in(editor).post(reverse("newsletters:check"), {"address": typed}).text


def test_what_is_no_address_is_said_to_be_none(sign_in, editor, suppression):
    page = sign_in(editor).post(reverse("newsletters:check"), {"address": "no address"}).text

    assert "has no @ sign" in page
    assert "not on the list" not in page


def test_address_is_taken_off_the_list_with_a_reason(sign_in, owner, suppression):
    client = sign_in(owner)

    assert "This field is required" in client.post(_page(suppression), {"reason": " "}).text
    assert Suppression.objects.exists()
    client.post(_page(suppression), {"reason": "The mailbox works again."})

    assert not Suppression.objects.exists()
    assert "The mailbox works again." in LogEntry.objects.latest("pk").change_message


def test_editors_cannot_take_an_address_off_the_list(sign_in, editor, suppression):
    assert sign_in(editor).post(_page(suppression), {"reason": "Why not"}).status_code == 403
    assert Suppression.objects.exists()


# --- The dashboard and the permit


def test_twelve_months_are_counted_in_the_publications_calendar(settings):
    settings.TIME_ZONE = "Europe/Paris"
    now = timezone.make_aware(timezone.datetime(2026, 3, 15))
    with timezone.override("Europe/Paris"):
        edge = timezone.make_aware(timezone.datetime(2026, 3, 1))
        SubscriberFactory(confirmed_at=edge)
        SubscriberFactory(confirmed_at=edge - timedelta(seconds=1))
        SubscriberFactory(confirmed_at=edge - 400 * DAY)
        LeftSubscriberFactory(confirmed_at=edge - 40 * DAY, left_at=edge)
        LeftSubscriberFactory(confirmed_at=edge - 40 * DAY, left_at=edge, ended="complained")
        months = figures.last_months(now)

    assert len(months) == 12
    assert [(month.first.month, month.came, month.left, month.bounced) for month in months[-3:]] == [
        (1, 2, 0, 0),
        (2, 1, 0, 0),
        (3, 1, 1, 1),
    ]


def test_copy_of_a_database_asks_before_it_sends(sign_in, owner, editor, publication, settings, tmp_path):
    mailing = ready_mailing(readers=1)
    permit.count_up()
    settings.DATA_DIR = tmp_path / "elsewhere"
    settings.DATA_DIR.mkdir()

    for address in (reverse("newsletters:dashboard"), _page(mailing)):
        assert "No letters are sent" in sign_in(editor).get(address).text
    client = sign_in(owner)
    assert "This is the real site" in client.get(reverse("newsletters:permit")).text
    client.post(reverse("newsletters:permit"))

    mailing.refresh_from_db()
    assert permit.may_send()
    assert mailing.state == Mailing.State.HELD
    control.resume(mailing)
    client.post(reverse("newsletters:permit"))
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.SENDING


def test_desk_shows_what_is_under_way_and_what_is_not_decided(sign_in, editor, publication):
    review = just_published(headline="Not decided yet")
    waiting_mailing(just_published(headline="Waits its minutes"))

    page = sign_in(editor).get(reverse("admin:index")).text

    assert "Published, mail not decided" in page
    assert reverse("newsletters:release", args=[review.pk]) in page
    assert "Waits for its time" in page
    assert "0 readers get mail" in page
