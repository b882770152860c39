"""People who sign in, and forms as a browser would send them back."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from reviews.models import State
from reviews.roles import AUTHORS, EDITORS
from tests.factories import AuthorFactory, CreditFactory, FilmFactory, PersonFactory, ReviewFactory

PASSWORD = "rushes-tests"


def make_user(name, *groups, **kwargs):
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True, **kwargs)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


@pytest.fixture
def owner(db):
    return make_user("owner", is_superuser=True)


@pytest.fixture
def editor(db):
    return make_user("editor", EDITORS)


@pytest.fixture
def ada(db):
    """An author with an account, not an editor."""
    return AuthorFactory(name="Ada Placeholder", user=make_user("ada", AUTHORS))


@pytest.fixture
def ben(db):
    return AuthorFactory(name="Ben Sample", user=make_user("ben", AUTHORS))


@pytest.fixture
def sign_in(client):
    """The test client, signed in as a user or as an author's user."""

    def signed_in(who):
        client.force_login(getattr(who, "user", None) or who)
        return client

    return signed_in


@pytest.fixture
def film(db):
    return FilmFactory(title="Wanda", year=1970)


def make_review(film, *authors, state=State.DRAFT, days=-1, **kwargs):
    """A complete review; if published, so many days from now."""
    dated = state in (State.PUBLISHED, State.WITHDRAWN)
    when = timezone.now() + timedelta(days=days) if dated else None
    return ReviewFactory(film=film, authors=authors, state=state, **({"published_at": when} | kwargs))


def make_credits(film, count, role="actor"):
    for number in range(1, count + 1):
        CreditFactory(film=film, person=PersonFactory(), role=role, position=number)


def form_data(response) -> dict:
    """What a browser would send back from a form just shown: every field of it and of its rows, as filled."""
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    data = {}
    for bound in (bound for form in forms for bound in form):
        widget = getattr(bound.field.widget, "widget", bound.field.widget)
        value = bound.value()
        if value is None or value is False or getattr(widget, "input_type", "") == "file" or bound.name == "overwrite":
            continue
        value = "on" if value is True else widget.format_value(value)
        data[bound.html_name] = value[0] if isinstance(value, list) and len(value) == 1 else value
    return {name: value for name, value in data.items() if value is not None}


def errors(response) -> dict[str, list[str]]:
    """Everything a refused form complains of, by the name of the field; rows as "prefix-number-field"."""
    found = dict(response.context["adminform"].form.errors)
    for inline in response.context["inline_admin_formsets"]:
        formset = inline.formset
        found |= {formset.prefix: list(formset.non_form_errors())} if formset.non_form_errors() else {}
        for form in formset.forms:
            found |= {form.add_prefix(name): list(messages) for name, messages in form.errors.items()}
    return {name: list(messages) for name, messages in found.items()}
