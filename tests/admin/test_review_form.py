"""Writing, publishing and saving against one another, through the review's form."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from reviews.models import CriticQuote, Review, State
from tests.admin.conftest import errors, form_data, make_review
from tests.factories import AuthorFactory, CriticQuoteFactory, FilmFactory, StillFactory

pytestmark = pytest.mark.django_db
ADD = "/admin/reviews/review/add/"


def change(review) -> str:
    return reverse("admin:reviews_review_change", args=[review.pk])


@pytest.fixture
def desk(sign_in, editor):
    return sign_in(editor)


def test_a_draft_needs_a_film_and_nothing_else(desk, film):
    empty = form_data(desk.get(ADD))

    refused = desk.post(ADD, empty)
    saved = desk.post(ADD, empty | {"film": film.pk})

    assert errors(refused) == {"film": ["This field is required."]}
    assert saved.status_code == 302
    assert Review.objects.get().state == State.DRAFT


def test_the_language_is_a_code(desk, film):
    typed = form_data(desk.get(ADD)) | {"film": film.pk}

    refused = desk.post(ADD, typed | {"language": "French"})
    desk.post(ADD, typed | {"language": "fr"})

    assert errors(refused) == {"language": ["Use a language code such as fr, ja or zh-Hant (ISO 639-1)."]}
    assert Review.objects.get().language == "fr"


def test_a_new_review_is_signed_by_whoever_writes_it(sign_in, ada, film):
    client = sign_in(ada)
    data = form_data(client.get(ADD)) | {"film": film.pk}

    client.post(ADD, data)

    assert Review.objects.get().authors() == [ada]


def test_publishing_lists_all_that_is_missing_and_loses_nothing(desk):
    film = FilmFactory(synopsis="")
    StillFactory(film=film, alt="", credit="")
    typed = {"film": film.pk, "state": State.PUBLISHED, "verdict": "Unmissable", "tags": "noir, crime"}

    response = desk.post(ADD, form_data(desk.get(ADD)) | typed)

    form = response.context["adminform"].form
    for words in (
        "an author",
        "a standfirst, one sentence under the title",
        "a synopsis, here or on the film",
        "the review itself",
        "the alternative text of its picture (on the film, under Stills)",
        "the credit and rights line of its picture (on the film, under Stills)",
    ):
        assert f"<li>{words}</li>" in form.non_field_errors()[0]
    assert {*form.errors} == {"__all__", "standfirst", "synopsis", "body", "lead_image"}
    assert form["verdict"].value() == "Unmissable"
    assert form["tags"].value() == "noir, crime"
    assert not Review.objects.exists()


def test_an_author_on_the_same_form_counts_for_publishing(desk, film, ada):
    data = form_data(desk.get(ADD)) | {"film": film.pk, "state": State.PUBLISHED, "bylines-0-author": ada.pk}
    data |= {"standfirst": "One sentence.", "body": "<p>Ours.</p>"}

    response = desk.post(ADD, data, follow=True)

    review = Review.objects.get()
    assert review.is_visible
    assert review.authors() == [ada]
    assert f"Readers see it at <a href='{review.get_absolute_url()}'>" in response.text


def test_taking_the_last_author_off_a_published_review_is_refused(desk, film, ada):
    review = make_review(film, ada, state=State.PUBLISHED)
    data = form_data(desk.get(change(review))) | {"bylines-0-DELETE": "on"}

    response = desk.post(change(review), data)

    assert "<li>an author</li>" in response.context["adminform"].form.non_field_errors()[0]
    assert review.authors() == [ada]


def test_a_date_to_come_schedules_and_says_so(desk, film, ada, settings, time_machine_at):
    settings.TIME_ZONE = "Europe/London"
    review = make_review(film, ada)
    data = form_data(desk.get(change(review))) | {"state": State.PUBLISHED, "published_at": "2026-12-03T09:00"}

    response = desk.post(change(review), data | {"_continue": "1"}, follow=True)

    review.refresh_from_db()
    assert review.is_scheduled
    assert review.published_at == datetime(2026, 12, 3, 9, tzinfo=UTC)
    assert "Will appear on 3 December 2026 at 09:00, Europe/London." in response.text
    assert "Scheduled for 3 December 2026 at 09:00. Saved" in response.text


@pytest.fixture
def time_machine_at():
    import time_machine

    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=True):
        yield


def test_what_was_never_published_cannot_be_withdrawn(desk, film, ada):
    review = make_review(film, ada)

    response = desk.post(change(review), form_data(desk.get(change(review))) | {"state": State.WITHDRAWN})

    assert errors(response)["state"] == ["Only what was published can be withdrawn. To put it aside, make it a draft."]


def test_saving_again_does_not_move_the_date_by_more_than_its_fractions(desk, film, ada):
    review = make_review(film, ada, state=State.PUBLISHED)

    desk.post(change(review), form_data(desk.get(change(review))))

    assert timedelta(0) <= review.published_at - Review.objects.get().published_at < timedelta(seconds=1)


def test_a_rating_of_seven_is_answered_in_words(desk, film, ada):
    review = make_review(film, ada)

    response = desk.post(change(review), form_data(desk.get(change(review))) | {"rating": "7"})

    assert errors(response) == {"rating": ["A rating goes from 0.5 to 5 in halves; 7 is not one of them."]}


def test_a_script_in_the_body_is_not_stored(desk, film, ada):
    review = make_review(film, ada)
    body = '<p onclick="x()">Ours<script>alert(1)</script></p><img src="https://elsewhere.example/a.jpg" alt="">'

    desk.post(change(review), form_data(desk.get(change(review))) | {"body": body})

    review.refresh_from_db()
    assert review.body == "<p>Ours</p>"


def test_a_taken_address_is_said_at_its_field_and_everything_stays(desk, film, ada):
    make_review(film, ada, slug="wanda")
    other = make_review(film, ada, slug="wanda-again")
    data = form_data(desk.get(change(other))) | {"slug": "wanda", "verdict": "Typed"}

    response = desk.post(change(other), data)

    assert errors(response) == {
        "slug": ["Another page has this address. Choose another, or leave it empty and a free one is made."]
    }
    assert response.context["adminform"].form["verdict"].value() == "Typed"


def test_the_lead_image_is_one_of_the_films_own(desk, film, ada):
    own, foreign = StillFactory(film=film), StillFactory()
    review = make_review(film, ada)
    form = desk.get(change(review))

    refused = desk.post(change(review), form_data(form) | {"lead_image": foreign.pk})
    saved = desk.post(change(review), form_data(form) | {"lead_image": own.pk})

    assert [
        choice.instance for choice, _label in form.context["adminform"].form["lead_image"].field.choices if choice
    ] == [own]
    assert errors(refused)["lead_image"] == ["This still belongs to another film. Choose one of this film."]
    assert saved.status_code == 302


# --- The critics say


def test_a_quote_typed_with_a_new_review_goes_to_its_film(desk, film):
    typed = {"film": film.pk, "quotes-0-quote": "“A quiet wonder”", "quotes-0-publication": "The Sample Gazette"}

    desk.post(ADD, form_data(desk.get(ADD)) | typed)

    quote = CriticQuote.objects.get()
    assert (quote.film, quote.quote, quote.position) == (film, "A quiet wonder", 1)


def test_quotes_of_the_film_are_changed_and_taken_away_with_the_review(desk, film, ada):
    first, second = (
        CriticQuoteFactory(film=film, position=1),
        CriticQuoteFactory(film=film, position=2, quote="Less so"),
    )
    elsewhere = CriticQuoteFactory()
    review = make_review(film, ada)
    data = form_data(desk.get(change(review))) | {"quotes-0-quote": "Better", "quotes-1-DELETE": "on"}

    desk.post(change(review), data)

    assert list(CriticQuote.objects.filter(film=film).values_list("pk", "quote")) == [(first.pk, "Better")]
    assert not CriticQuote.objects.filter(pk=second.pk).exists()
    assert CriticQuote.objects.filter(pk=elsewhere.pk).exists()


def test_a_review_started_from_a_film_shows_its_quotes_at_once(desk, film):
    quote = CriticQuoteFactory(film=film)

    response = desk.get(f"{ADD}?film={film.pk}")

    assert quote.quote in response.text


@pytest.mark.parametrize("rows", [{0: "A quiet wonder"}, {1: "Same", 2: "Same"}])
def test_the_same_quote_twice_is_refused_at_its_field(desk, film, ada, rows):
    CriticQuoteFactory(film=film, quote="A quiet wonder")
    review = make_review(film, ada)
    data = form_data(desk.get(ADD)) if 0 in rows else form_data(desk.get(change(review)))
    data |= {"film": film.pk, "quotes-TOTAL_FORMS": max(rows) + 1}
    for row, words in rows.items():
        data |= {f"quotes-{row}-quote": words, f"quotes-{row}-publication": "The Gazette"}

    response = desk.post(ADD if 0 in rows else change(review), data)

    assert errors(response) == {f"quotes-{max(rows)}-quote": ["This quote stands there already."]}
    assert CriticQuote.objects.count() == 1


def test_quotes_stay_with_the_old_film_when_the_review_moves_to_another(desk, film, ada):
    quote, other = CriticQuoteFactory(film=film), FilmFactory()
    review = make_review(film, ada)

    desk.post(change(review), form_data(desk.get(change(review))) | {"film": other.pk})

    quote.refresh_from_db()
    review.refresh_from_db()
    assert (quote.film, review.film) == (film, other)


# --- Authors


def test_the_same_author_twice_is_refused_at_the_field(desk, film, ada):
    review = make_review(film, ada)
    data = form_data(desk.get(change(review))) | {"bylines-1-author": ada.pk}

    response = desk.post(change(review), data)

    assert errors(response)["bylines-1-author"] == ["This author has signed already."]


def test_authors_are_numbered_in_the_order_they_stand(desk, film, ada, ben):
    third = AuthorFactory()
    data = form_data(desk.get(ADD)) | {"film": film.pk, "bylines-TOTAL_FORMS": 3}
    data |= {f"bylines-{row}-author": author.pk for row, author in enumerate([ben, ada, third])}

    desk.post(ADD, data)

    assert list(Review.objects.get().bylines.values_list("author", "position")) == [
        (ben.pk, 1),
        (ada.pk, 2),
        (third.pk, 3),
    ]


# --- Two people, one review


@pytest.fixture
def conflict(desk, film, ada):
    """A review, and what an editor typed into its form while somebody else saved it."""
    review = make_review(film, ada, verdict="Before")
    mine = form_data(desk.get(change(review))) | {"verdict": "Mine"}
    theirs = form_data(desk.get(change(review))) | {"verdict": "Theirs"}
    desk.post(change(review), theirs)
    return review, mine


def test_a_save_does_not_go_over_another_persons(desk, conflict):
    review, mine = conflict

    first = desk.post(change(review), mine)
    again = desk.post(change(review), form_data(first))

    for response in (first, again):
        form = response.context["adminform"].form
        assert "editor saved this on" in form.non_field_errors()[0]
        assert form["verdict"].value() == "Mine"
    assert Review.objects.get().verdict == "Theirs"


def test_saying_so_saves_over_the_version_one_was_told_of(desk, conflict):
    review, mine = conflict
    told = desk.post(change(review), mine).context["adminform"].form.stored_version

    response = desk.post(change(review), mine | {"overwrite": told})

    assert response.status_code == 302
    assert Review.objects.get().verdict == "Mine"


def test_saying_so_does_not_cover_a_third_save(desk, conflict):
    review, mine = conflict
    told = desk.post(change(review), mine).context["adminform"].form.stored_version
    desk.post(change(review), form_data(desk.get(change(review))) | {"verdict": "Third"})

    response = desk.post(change(review), mine | {"overwrite": told})

    assert response.context["adminform"].form.has_conflict
    assert Review.objects.get().verdict == "Third"


# --- Preview and list


def test_the_preview_is_the_page_itself_and_nobody_keeps_it(desk, film, ada):
    review = make_review(film, ada, headline="Not yet public")

    response = desk.get(reverse("admin:reviews_review_preview", args=[review.pk]))

    assert response.context["preview"] is True
    assert "Not yet public" in response.text
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["Cache-Control"].startswith("no-store")


@pytest.mark.parametrize(("state", "leads_to"), [(State.PUBLISHED, "/reviews/wanda/"), (State.DRAFT, "preview/")])
def test_view_on_site_leads_to_what_there_is_to_see(desk, film, ada, state, leads_to):
    review = make_review(film, ada, state=state)

    response = desk.get(change(review))

    assert response.context["absolute_url"].endswith(leads_to)


def test_a_refused_publication_does_not_look_published(desk, film):
    review = make_review(film, body="")

    response = desk.post(change(review), form_data(desk.get(change(review))) | {"state": State.PUBLISHED})

    assert response.context["save_state"].startswith("Draft. Saved")
    assert response.context["absolute_url"].endswith("preview/")


def standings(film, ada) -> dict[str, Review]:
    return {
        "draft": make_review(film, ada),
        "in_review": make_review(film, ada, state=State.IN_REVIEW),
        "scheduled": make_review(film, ada, state=State.PUBLISHED, days=2),
        "published": make_review(film, ada, state=State.PUBLISHED),
        "withdrawn": make_review(film, ada, state=State.WITHDRAWN),
    }


def test_the_list_is_filtered_by_standing_author_and_tag(desk, film, ada, ben):
    reviews = standings(film, ada) | {"ben": make_review(film, ben, tag_names=["noir"], state=State.IN_REVIEW)}
    address = reverse("admin:reviews_review_changelist")

    def found(query):
        return {review.pk for review in desk.get(f"{address}?{query}").context["cl"].result_list}

    for standing in ("draft", "scheduled", "published", "withdrawn"):
        assert found(f"standing={standing}") == {reviews[standing].pk}
    assert found(f"author={ben.slug}") == found("tag=noir") == {reviews["ben"].pk}
    assert found("q=Ben") == {reviews["ben"].pk}
    assert len(found("q=wanda")) == 6


@pytest.mark.parametrize(
    ("action", "done", "changed"),
    [
        ("publish", "published", {"draft", "in_review", "withdrawn"}),
        ("withdraw", "withdrawn", {"scheduled", "published"}),
        ("send_back", "sent back to draft", {"in_review", "scheduled", "withdrawn"}),
    ],
)
def test_actions_do_what_they_can_and_say_what_they_could_not(desk, film, ada, action, done, changed):
    reviews = standings(film, ada)
    incomplete = make_review(film, ada, body="", headline="Half a review")
    choice = {"action": action, "_selected_action": [review.pk for review in [*reviews.values(), incomplete]]}

    response = desk.post(reverse("admin:reviews_review_changelist"), choice, follow=True)

    messages = [str(message) for message in response.context["messages"]]
    assert f"{len(changed)} reviews {done}." in messages
    refused = [message for message in messages if "was not" in message]
    assert len(refused) == 6 - len(changed)
    assert any(message.startswith(f"“Half a review” was not {done}: ") for message in refused)


def test_an_action_names_what_is_missing(desk, film):
    review = make_review(film, body="", headline="Half a review")
    choice = {"action": "publish", "_selected_action": [review.pk]}

    response = desk.post(reverse("admin:reviews_review_changelist"), choice, follow=True)

    assert [str(message) for message in response.context["messages"]] == [
        "“Half a review” was not published: Missing before it can be published: an author. "
        "Missing before it can be published: the review itself."
    ]


def test_the_desk_shows_whose_work_waits_where(desk, editor, film, ada, ben):
    ada.user, ben.user = None, None
    ada.save()
    ben.user = editor
    ben.save()
    make_review(film, ada, headline="Ada’s draft")
    make_review(film, ben, headline="Ben’s draft")
    make_review(film, ada, headline="To be read", state=State.IN_REVIEW)
    make_review(film, ada, headline="To come", state=State.PUBLISHED, days=3)
    make_review(film, ada, headline="Long out", state=State.PUBLISHED)
    StillFactory(film=film, alt="")

    response = desk.get(reverse("admin:index"))

    lines = {section.title: [line.name for line in section.lines] for section in response.context["desk"]}
    assert lines == {
        "Your drafts": ["Ben’s draft"],
        "In review": ["To be read"],
        "Scheduled": ["To come"],
        "Gaps": ["Wanda (1970)"],
        "Published, mail not decided": ["To come"],
        "Newsletters": ["0 readers get mail"],
    }


class TestReadNext:
    """The rows that pin and bar what a review recommends."""

    def test_pins_and_bars_are_saved_in_their_order(self, desk, film, ada):
        review, first, second = (make_review(film, ada, state=State.PUBLISHED, headline=name) for name in "ABC")
        data = form_data(desk.get(change(review))) | {"related_choices-TOTAL_FORMS": 2}
        data |= {"related_choices-0-other": first.pk, "related_choices-0-choice": "pin"}
        data |= {"related_choices-0-reason": "the same winter"}
        data |= {"related_choices-1-other": second.pk, "related_choices-1-choice": "bar"}

        response = desk.post(change(review), data)

        assert response.status_code == 302
        assert list(review.related_choices.values_list("other", "choice", "reason", "position")) == [
            (first.pk, "pin", "the same winter", 1), (second.pk, "bar", "", 2),
        ]  # fmt: skip

    def test_a_review_cannot_recommend_itself_or_another_twice(self, desk, film, ada):
        review, other = (make_review(film, ada, headline=name) for name in "AB")
        data = form_data(desk.get(change(review)))

        itself = desk.post(change(review), data | {"related_choices-0-other": review.pk})
        data["related_choices-TOTAL_FORMS"] = 2
        twice = desk.post(
            change(review), data | {f"related_choices-{row}-{name}": value for row in (0, 1) for name, value in
            (("other", other.pk), ("choice", "pin"))}
        )  # fmt: skip

        assert errors(itself) == {"related_choices-0-other": ["A review cannot recommend itself."]}
        assert "This review stands there already." in str(errors(twice))
        assert review.related_choices.count() == 0

    def test_refused_form_with_an_emptied_address_shows_the_stored_one(self, desk, film, ada):
        review = make_review(film, ada, state=State.PUBLISHED)
        data = form_data(desk.get(change(review))) | {"slug": "", "rating": "9"}

        response = desk.post(change(review), data)

        assert response.status_code == 200
        assert review.get_absolute_url() in response.text

    def test_authors_are_not_offered_it(self, sign_in, ada, film):
        response = sign_in(ada).get(change(make_review(film, ada)))

        assert "related_choices" not in response.text
