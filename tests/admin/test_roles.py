"""Who may do what with whose review."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from reviews.models import Review, State
from reviews.roles import AUTHORS, EDITORS, ensure_roles
from tests.admin.conftest import form_data, make_review
from tests.factories import AuthorFactory

pytestmark = pytest.mark.django_db
WHO = ["anonymous", "ada", "editor", "owner"]
REVIEWS = ["ada's draft", "ben's draft", "ben's published"]
EVERYTHING = dict.fromkeys(REVIEWS, "yes")
NOTHING = dict.fromkeys(REVIEWS, "login")
OWN_ONLY = {"ada's draft": "yes", "ben's draft": "hidden", "ben's published": "no"}
SEEN = {"ada's draft": "yes", "ben's draft": "hidden", "ben's published": "yes"}
NEVER = dict.fromkeys(REVIEWS, "no")
TABLE = {
    "list": {"ada": SEEN},
    "open the form": {"ada": SEEN},
    "save the form": {"ada": OWN_ONLY},
    "preview": {"ada": SEEN | {"ben's draft": "no"}},
    "delete": {"ada": NEVER},
    "history": {"ada": SEEN},
    "publish by action": {"ada": dict.fromkeys(REVIEWS, "ignored")},
    "autocomplete": {"ada": SEEN},
}


@pytest.fixture
def reviews(film, ada, ben):
    return {
        "ada's draft": make_review(film, ada, headline="Ada writes"),
        "ben's draft": make_review(film, ben, headline="Ben writes"),
        "ben's published": make_review(film, ben, headline="Ben wrote", state=State.PUBLISHED),
    }


def outcome(client, act: str, review: Review) -> str:
    """What came of it: yes, no (403), hidden (as if there were none), login, or ignored (nothing changed)."""

    def address(name, *args):
        return reverse(f"admin:reviews_review_{name}", args=args)

    match act:
        case "list":
            response = client.get(address("changelist"))
            listed = review.headline in response.text
            return "login" if response.status_code == 302 else "yes" if listed else "hidden"
        case "autocomplete":
            question = {"app_label": "reviews", "model_name": "reviewbyline", "field_name": "review", "term": "wr"}
            response = client.get(reverse("admin:autocomplete"), question)
            listed = response.status_code == 200 and review.headline in response.text
            return "login" if response.status_code == 302 else "yes" if listed else "hidden"
        case "open the form":
            response = client.get(address("change", review.pk))
        case "save the form":
            return outcome_of_saving(client, address("change", review.pk), review)
        case "preview":
            response = client.get(address("preview", review.pk))
        case "delete":
            response = client.get(address("delete", review.pk))
        case "history":
            response = client.get(address("history", review.pk))
        case "publish by action":
            choice = {"action": "publish", "_selected_action": [review.pk]}
            response = client.post(address("changelist"), choice, follow=True)
            if "/login/" in response.request["PATH_INFO"]:
                return "login"
            said = response.text
            return "yes" if "review published" in said or "Readers see it already" in said else "ignored"
    if response.status_code == 302:
        return "login" if "/login/" in response.url else "hidden"
    return {200: "yes", 403: "no"}[response.status_code]


def outcome_of_saving(client, address: str, review: Review) -> str:
    """Whether a change of the verdict, sent by hand, gets into the database."""
    stored = Review.objects.get(pk=review.pk)
    byline = stored.bylines.get()
    data = {
        "film": stored.film_id,
        "headline": stored.headline,
        "standfirst": stored.standfirst,
        "body": stored.body,
        "state": stored.state,
        "published_at": stored.published_at.isoformat() if stored.published_at else "",
        "seen": stored.changed_at.isoformat(),
        "verdict": "Changed",
        "bylines-TOTAL_FORMS": 1,
        "bylines-INITIAL_FORMS": 1,
        "bylines-0-id": byline.pk,
        "bylines-0-review": stored.pk,
        "bylines-0-author": byline.author_id,
        "bylines-0-position": 1,
        "quotes-TOTAL_FORMS": 0,
        "quotes-INITIAL_FORMS": 0,
        "related_choices-TOTAL_FORMS": 0,
        "related_choices-INITIAL_FORMS": 0,
        "_save": "Save",
    }
    response = client.post(address, data)
    stored.refresh_from_db()
    if stored.verdict == "Changed":
        return "yes"
    if response.status_code == 302:
        return "login" if "/login/" in response.url else "hidden"
    return {403: "no"}.get(response.status_code, f"status {response.status_code}")


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("act", TABLE)
def test_row_level_rules(request, client, reviews, act, who):
    if who != "anonymous":
        account = request.getfixturevalue(who)
        client.force_login(getattr(account, "user", None) or account)
    expected = {"anonymous": NOTHING, "editor": EVERYTHING, "owner": EVERYTHING} | TABLE[act]

    assert {name: outcome(client, act, review) for name, review in reviews.items()} == expected[who]


def test_an_author_may_not_change_what_was_scheduled_or_withdrawn(sign_in, film, ada):
    client = sign_in(ada)
    gone = [make_review(film, ada, state=State.WITHDRAWN), make_review(film, ada, state=State.PUBLISHED, days=4)]

    for review in gone:
        address = reverse("admin:reviews_review_change", args=[review.pk])
        assert outcome_of_saving(client, address, review) == "no"


def test_an_author_moves_a_draft_into_review_but_cannot_publish_it(sign_in, film, ada):
    client, review = sign_in(ada), make_review(film, ada)
    address = reverse("admin:reviews_review_change", args=[review.pk])
    form = client.get(address)

    refused = client.post(address, form_data(form) | {"state": State.PUBLISHED})
    saved = client.post(address, form_data(form) | {"state": State.IN_REVIEW})

    assert refused.context["adminform"].form.errors["state"] == [
        "Save it as a draft, or send it for review; an editor publishes it."
    ]
    assert saved.status_code == 302
    review.refresh_from_db()
    assert review.state == State.IN_REVIEW
    assert {*form.context["adminform"].form.fields} & {"published_at", "updated_at", "is_featured"} == set()


def test_an_author_cannot_set_the_date_by_hand(sign_in, film, ada):
    client, review = sign_in(ada), make_review(film, ada)
    address = reverse("admin:reviews_review_change", args=[review.pk])
    data = form_data(client.get(address)) | {"published_at": (timezone.now() - timedelta(1)).isoformat()}

    client.post(address, data)

    review.refresh_from_db()
    assert review.published_at is None


def test_an_author_stays_among_the_authors(sign_in, film, ada, ben):
    client, review = sign_in(ada), make_review(film, ada)
    address = reverse("admin:reviews_review_change", args=[review.pk])

    response = client.post(address, form_data(client.get(address)) | {"bylines-0-author": ben.pk})

    assert "Your own name has to be among the authors" in response.text
    assert review.bylines.get().author == ada


def test_an_account_without_an_author_cannot_start_a_review(sign_in, ada):
    ada.user, user = None, ada.user
    ada.save()

    response = sign_in(user).get(reverse("admin:reviews_review_add"))

    assert response.status_code == 403


def test_roles_are_there_after_migrate_and_keep_their_permissions():
    Group.objects.get(name=EDITORS).permissions.clear()

    call_command("migrate", verbosity=0)
    ensure_roles()

    editors, authors = Group.objects.get(name=EDITORS), Group.objects.get(name=AUTHORS)
    assert Group.objects.count() == 2
    assert editors.permissions.filter(codename="publish_review").exists()
    assert not authors.permissions.filter(codename__startswith="delete_").exists()
    assert not authors.permissions.filter(codename="publish_review").exists()
    assert {*authors.permissions.values_list("codename", flat=True)} >= {
        "add_review",
        "change_review",
        "add_film",
        "change_person",
        "add_credit",
        "change_still",
        "add_criticquote",
    }


@pytest.mark.parametrize("model", ["author", "page", "publication", "capsule"])
def test_authors_do_not_run_the_publication(sign_in, ada, model):
    AuthorFactory()

    response = sign_in(ada).get(reverse(f"admin:reviews_{model}_add"))

    assert response.status_code == 403
