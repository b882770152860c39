"""The list of sign-ups in the admin: "I never got the mail" has an answer."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from subscriptions.addresses import fingerprint
from subscriptions.models import SignUp, Suppression
from subscriptions.models.signup import LINK_MAX_AGE, MOST_ATTEMPTS
from tests.factories import SignUpFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:subscriptions_signup_changelist")
AN_HOUR_AGO = timedelta(hours=1)


def _rows(response) -> list[str]:
    """What the list says became of each, newest first."""
    return [
        response.context["cl"].model_admin.standing(signup).split(">", 1)[1].removesuffix("</span>")
        for signup in response.context["cl"].result_list
    ]


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        ({}, "Waits for its mail"),
        ({"attempts": 2}, "The mail could not be sent yet; it is tried again"),
        ({"attempts": MOST_ATTEMPTS}, "Their mail server does not take our mail"),
        ({"mailed_at": "then"}, "the link was not used yet"),
        ({"mailed_at": "then", "asked_at": "long ago"}, "the link ran out unused"),
        ({"mailed_at": "then", "used_at": "then"}, "Confirmed"),
        ({"mailed_at": "then", "address": "never@example.org"}, "Never written to"),
    ],
)
def test_list_says_what_became_of_each(sign_in, editor, stands, said):
    now = timezone.now()
    moments = {"then": now - AN_HOUR_AGO, "long ago": now - LINK_MAX_AGE - AN_HOUR_AGO}
    Suppression.objects.create(fingerprint=fingerprint("never@example.org"), why="asked", since=now)
    SignUpFactory(**{name: moments.get(value, value) for name, value in stands.items()})

    [row] = _rows(sign_in(editor).get(LIST))

    assert said in row


@pytest.mark.parametrize(
    ("who", "typed", "found"),
    [
        ("editor", "", 2),
        ("editor", "ada@example.org", 1),
        ("editor", "ada", 0),
        ("editor", "@example.org", 0),
        ("owner", "ada", 1),
        ("owner", "@example.org", 1),
        ("owner", "nobody@example.org", 0),
    ],
)
def test_one_is_found_by_the_address_and_by_part_of_it_only_by_who_sees_addresses(request, sign_in, who, typed, found):
    SignUpFactory(address="ada@example.org")
    SignUpFactory(address="ben@example.net")

    response = sign_in(request.getfixturevalue(who)).get(LIST, {"q": typed})

    assert '<label for="searchbar">Address</label>' in response.text
    assert response.context["cl"].result_count == found


def test_editors_see_addresses_masked_and_the_owner_whole(sign_in, editor, owner):
    SignUpFactory(address="ada@example.org")

    assert "ada@example.org" not in sign_in(editor).get(LIST).text
    assert "a…@example.org" in sign_in(editor).get(LIST).text
    assert "ada@example.org" in sign_in(owner).get(LIST).text


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries_however_long(sign_in, editor, django_assert_num_queries, count):
    SignUpFactory.create_batch(count)
    client = sign_in(editor)
    client.get(LIST)

    with django_assert_num_queries(8):
        client.get(LIST)


@pytest.mark.parametrize(("who", "expected"), [("ada", 403), ("editor", 200)])
def test_it_is_for_editors(request, client, who, expected):
    person = request.getfixturevalue(who)
    client.force_login(getattr(person, "user", person))

    assert client.get(LIST).status_code == expected


def test_nothing_can_be_added_changed_or_deleted_there(sign_in, owner):
    signup = SignUpFactory()
    client = sign_in(owner)

    answers = [
        client.get(reverse(f"admin:subscriptions_signup_{verb}", args=args)).status_code
        for verb, args in (("add", []), ("change", [signup.pk]), ("delete", [signup.pk]))
    ]

    assert answers == [403, 302, 403]
    assert SignUp.objects.filter(pk=signup.pk).exists()
