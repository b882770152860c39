"""Composing home pages and seasons at the desk."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reviews.models import FrontPage, FrontPick, FrontRow, Season, SeasonEntry, State
from tests.admin.conftest import errors, form_data, make_review, make_user
from tests.factories import FilmFactory, PersonFactory

pytestmark = pytest.mark.django_db
Kind = FrontRow.Kind


def address(model, page, *args) -> str:
    return reverse(f"admin:reviews_{model._meta.model_name}_{page}", args=args)


def changing(thing) -> str:
    return address(type(thing), "change", thing.pk)


@pytest.fixture
def page():
    return FrontPage.objects.create(name="Everyday")


@pytest.fixture
def public(film, ada):
    return make_review(film, ada, headline="Public", state=State.PUBLISHED)


class TestComposing:
    def test_an_editor_adds_rows_which_number_themselves(self, sign_in, editor, page):
        client, denis = sign_in(editor), PersonFactory()
        data = form_data(client.get(changing(page))) | {
            "rows-TOTAL_FORMS": 2,
            "rows-0-kind": Kind.DIRECTOR, "rows-0-person": denis.pk, "rows-0-look": "strip", "rows-0-length": 3,
            "rows-1-kind": Kind.LATEST, "rows-1-look": "list", "rows-1-length": 8,
        }  # fmt: skip

        response = client.post(changing(page), data)

        assert response.status_code == 302
        rows = page.rows.values_list("position", "kind", "person")
        assert list(rows) == [(1, "director", denis.pk), (2, "latest", None)]

    def test_what_makes_no_sense_is_refused_beside_its_field_and_nothing_is_lost(self, sign_in, editor, page):
        client = sign_in(editor)
        data = form_data(client.get(changing(page))) | {
            "rows-TOTAL_FORMS": 1, "rows-0-kind": Kind.TAG, "rows-0-look": "band", "rows-0-length": 9,
            "rows-0-heading": "Typed",
        }  # fmt: skip

        response = client.post(changing(page), data)

        assert errors(response) == {
            "rows-0-tag": ["Choose the tag this row is about."],
            "rows-0-length": ["Side by side there is room for 4. For more, make it a list."],
        }
        assert 'value="Typed"' in response.text

    def test_a_ninth_row_is_refused(self, sign_in, editor, page):
        client = sign_in(editor)
        rows = {"rows-TOTAL_FORMS": 9}
        for number in range(9):
            rows |= {f"rows-{number}-kind": "latest", f"rows-{number}-look": "strip", f"rows-{number}-length": 3}

        response = client.post(changing(page), form_data(client.get(changing(page))) | rows)

        assert response.status_code == 200
        assert page.rows.count() == 0

    def test_reviews_are_chosen_by_hand_on_the_same_page_once_the_row_is_saved(self, sign_in, editor, page, film, ada):
        client = sign_in(editor)
        reviews = [make_review(film, ada, headline=name, state=State.PUBLISHED) for name in "AB"]
        rows = {
            "rows-TOTAL_FORMS": 1, "rows-0-kind": Kind.PICKED, "rows-0-look": "strip", "rows-0-length": 3,
            "rows-0-heading": "Begin here",
        }  # fmt: skip

        saved = client.post(changing(page), form_data(client.get(changing(page))) | rows, follow=True)
        row = page.rows.get()
        picks = {f"picks-{row.pk}-TOTAL_FORMS": 2, f"picks-{row.pk}-0-review": reviews[1].pk}
        picks |= {f"picks-{row.pk}-1-review": reviews[0].pk}
        client.post(changing(page), form_data(saved) | picks)

        assert "Row 1, “Begin here”, is chosen by hand: name its reviews below" in saved.text
        assert [pick.review for pick in row.picks.all()] == [reviews[1], reviews[0]]

    def test_a_review_stands_in_a_row_once(self, sign_in, editor, page, public):
        client, row = sign_in(editor), FrontRow.objects.create(page=page, kind=Kind.PICKED, position=1)
        picks = {f"picks-{row.pk}-{number}-review": public.pk for number in range(2)}

        response = client.post(
            changing(page), form_data(client.get(changing(page))) | picks | {f"picks-{row.pk}-TOTAL_FORMS": 2}
        )

        assert "This review stands in the row already." in response.text
        assert not FrontPick.objects.exists()

    def test_a_row_is_deleted_with_what_was_just_chosen_for_it(self, sign_in, editor, page, public):
        client, row = sign_in(editor), FrontRow.objects.create(page=page, kind=Kind.PICKED, position=1)
        changes = {"rows-0-DELETE": "on", f"picks-{row.pk}-TOTAL_FORMS": 1, f"picks-{row.pk}-0-review": public.pk}

        response = client.post(changing(page), form_data(client.get(changing(page))) | changes)

        assert response.status_code == 302
        assert not FrontRow.objects.exists()
        assert not FrontPick.objects.exists()

    def test_somebody_else_s_save_is_not_written_over(self, sign_in, editor, page):
        client = sign_in(editor)
        data = form_data(client.get(changing(page))) | {"name": "Mine"}
        page.name = "Theirs"
        page.save()

        response = client.post(changing(page), data)

        assert "saved this on" in response.text
        assert FrontPage.objects.get().name == "Theirs"


class TestPuttingOnTheSite:
    def test_saving_alone_changes_nothing_for_readers(self, sign_in, editor, page, client):
        sign_in(editor).post(changing(page), form_data(client.get(changing(page))) | {"_save": "Save"})

        assert FrontPage.objects.on_site() is None

    def test_the_save_bar_puts_it_on_and_takes_it_off(self, sign_in, editor, page):
        client = sign_in(editor)
        other = FrontPage.objects.create(name="Other", is_live=True)

        on = client.post(changing(page), form_data(client.get(changing(page))) | {"_put_on_site": "x"}, follow=True)
        live = FrontPage.objects.on_site()
        off = client.post(changing(page), form_data(client.get(changing(page))) | {"_take_off_site": "x"}, follow=True)

        assert "Readers see “Everyday” now." in on.text
        assert live == page
        assert "Readers see the automatic home page now." in off.text
        assert FrontPage.objects.on_site() is None
        assert FrontPage.objects.get(pk=other.pk).is_live is False

    def test_from_the_list_one_at_a_time(self, sign_in, editor, page):
        client, other = sign_in(editor), FrontPage.objects.create(name="Other")

        def act(action, *pages):
            choice = {"action": action, "_selected_action": [chosen.pk for chosen in pages]}
            return client.post(address(FrontPage, "changelist"), choice, follow=True).text

        assert "Only one home page can be on the site" in act("put_on_site", page, other)
        assert FrontPage.objects.on_site() is None
        act("put_on_site", page)
        assert FrontPage.objects.on_site() == page
        assert "“Everyday (copy)” was made. No reader sees it." in act("copy", page)
        act("take_off_site", page, other)
        assert FrontPage.objects.on_site() is None

    def test_authors_look_but_do_not_compose(self, sign_in, ada, page):
        client = sign_in(ada)

        form = client.get(changing(page))
        saved = client.post(changing(page), {"name": "Mine", "_put_on_site": "x"})
        choice = {"action": "put_on_site", "_selected_action": [page.pk]}
        client.post(address(FrontPage, "changelist"), choice)

        assert form.status_code == 200
        assert "_put_on_site" not in form.text
        assert saved.status_code == 403
        assert client.get(address(FrontPage, "add")).status_code == 403
        assert FrontPage.objects.get().name == "Everyday"
        assert FrontPage.objects.on_site() is None

    def test_who_may_not_publish_changes_no_page_that_readers_see(self, sign_in, page):
        composer = make_user("composer")
        composer.user_permissions.set(Permission.objects.filter(content_type__model="frontpage"))
        client = sign_in(composer)

        before = client.post(changing(page), form_data(client.get(changing(page))) | {"name": "Mine"})
        page.put_on_site()
        after = client.post(changing(page), {"name": "Live"})
        deleted = client.post(address(FrontPage, "delete", page.pk), {"post": "yes"})

        assert [answer.status_code for answer in (before, after, deleted)] == [302, 403, 403]
        assert FrontPage.objects.get().name == "Mine"


class TestPreview:
    def test_it_is_the_very_page_with_drafts_marked_and_kept_from_caches_and_robots(
        self, sign_in, editor, page, film, ada, public
    ):
        row = FrontRow.objects.create(page=page, kind=Kind.PICKED, heading="Begin here", position=1)
        for number, pick in enumerate([make_review(film, ada, headline="Draft of Ada"), public]):
            FrontPick.objects.create(row=row, review=pick, position=number)
        gone = make_review(film, ada, headline="Gone", state=State.WITHDRAWN)
        FrontPick.objects.create(row=row, review=gone, position=9)

        response = sign_in(editor).get(address(FrontPage, "preview", page.pk))

        assert "Draft of Ada" in response.text
        assert "Draft: readers do not see it yet" in response.text
        assert response.text.count("readers do not see it yet") == 1
        assert "Gone" not in response.text
        assert 'content="noindex, nofollow"' in response.text
        assert "private" in response["Cache-Control"]
        assert "noindex" in response["X-Robots-Tag"]
        assert "Draft of Ada" not in sign_in(editor).get("/").text

    def test_others_drafts_are_hidden_from_authors_there_too(self, sign_in, page, film, ada, ben):
        row = FrontRow.objects.create(page=page, kind=Kind.PICKED, position=1)
        for author in (ada, ben):
            FrontPick.objects.create(row=row, review=make_review(film, author, headline=f"By {author.name}"))

        text = sign_in(ada).get(address(FrontPage, "preview", page.pk)).text

        assert "By Ada Placeholder" in text
        assert "By Ben Sample" not in text

    def test_nor_do_authors_read_of_them_on_the_forms(self, sign_in, page, film, ada, ben):
        row = FrontRow.objects.create(page=page, kind=Kind.PICKED, position=1)
        season = Season.objects.create(title="Winter")
        for author in (ada, ben):
            draft = make_review(film, author, headline=f"By {author.name}")
            FrontPick.objects.create(row=row, review=draft)
            SeasonEntry.objects.create(season=season, review=draft)
        SeasonEntry.objects.create(season=season, film=film)
        FrontPage.objects.update(lead=draft)
        client = sign_in(ada)

        for form in (client.get(changing(page)), client.get(changing(season))):
            assert "By Ada Placeholder" in form.text
            assert "By Ben Sample" not in form.text
        assert "Wanda" in form.text

    def test_what_has_no_date_and_no_page_yet_is_printed_without(self, sign_in, editor, page, public):
        season = Season.objects.create(title="Winter")
        SeasonEntry.objects.create(season=season, review=public)
        FrontRow.objects.create(page=page, kind=Kind.SEASON, season=season, position=1)
        FrontPage.objects.update(lead=make_review(FilmFactory(), headline="Undated"))

        text = sign_in(editor).get(address(FrontPage, "preview", page.pk)).text

        assert "Undated" in text
        assert ">Winter</h2>" in text
        assert 'datetime=""' not in text
        assert season.get_absolute_url() not in text

    @pytest.mark.parametrize("model", [FrontPage, Season])
    def test_readers_have_none(self, client, model, page):
        thing = page if model is FrontPage else Season.objects.create(title="Winter")

        response = client.get(address(model, "preview", thing.pk))

        assert response.status_code == 302
        assert "/login/" in response["Location"]

    def test_a_season_shows_its_drafts_marked(self, sign_in, editor, film, ada):
        season = Season.objects.create(title="Winter")
        SeasonEntry.objects.create(season=season, review=make_review(film, ada, headline="Draft of Ada"))
        client = sign_in(editor)

        preview = client.get(address(Season, "preview", season.pk))
        tools = client.get(changing(season)).text
        season.is_public = True
        season.save()

        assert "Draft of Ada" in preview.text
        assert "Draft: readers do not see it yet" in preview.text
        assert address(Season, "preview", season.pk) in tools
        assert "Draft of Ada" not in client.get("/seasons/winter/").text


class TestPreviewOfWhatIsNotSaved:
    """The button of the form: readers of a page that is on the site see nothing of what is being tried."""

    def test_shows_what_is_typed_and_keeps_none_of_it(self, sign_in, editor, page, public, ada):
        make_review(FilmFactory(), ada, state=State.PUBLISHED)  # one leads, the other stands in the row
        page.put_on_site()
        FrontRow.objects.create(page=page, kind=Kind.LATEST, heading="As it was", position=1)
        client = sign_in(editor)
        before, logged = client.get("/").content, LogEntry.objects.count()
        typed = form_data(client.get(changing(page))) | {"rows-0-heading": "As it will be", "_preview": "Preview"}

        preview = client.post(changing(page), typed)

        assert preview.status_code == 200
        assert ">As it will be</h2>" in preview.text
        assert "nothing is saved" in preview.text
        assert "noindex" in preview["X-Robots-Tag"]
        assert FrontRow.objects.get().heading == "As it was"
        assert client.get("/").content == before
        assert LogEntry.objects.count() == logged

    def test_works_for_a_page_that_was_never_saved(self, sign_in, editor, public):
        client = sign_in(editor)
        adding = reverse("admin:reviews_season_add")
        typed = form_data(client.get(adding)) | {"title": "Winter with Ozu", "_preview": "Preview"}

        preview = client.post(adding, typed)

        assert "Winter with Ozu" in preview.text
        assert "nothing is saved" in preview.text
        assert not Season.objects.exists()

    def test_faults_are_shown_in_the_form_as_when_saving(self, sign_in, editor, page):
        FrontRow.objects.create(page=page, kind=Kind.LATEST, position=1)
        client = sign_in(editor)
        typed = form_data(client.get(changing(page))) | {"rows-0-kind": "tag", "_preview": "Preview"}

        answer = client.post(changing(page), typed)

        assert "Choose the tag this row is about." in answer.text
        assert FrontRow.objects.get().kind == Kind.LATEST

    def test_row_whose_reviews_are_still_to_be_named_is_no_obstacle(self, sign_in, editor, page):
        FrontRow.objects.create(page=page, kind=Kind.PICKED, position=1)
        client = sign_in(editor)
        typed = form_data(client.get(changing(page))) | {"_preview": "Preview"}

        assert client.post(changing(page), typed).status_code == 200


class TestSeasonForm:
    def test_entries_are_films_or_reviews_in_an_order(self, sign_in, editor, public):
        client, season, film = sign_in(editor), Season.objects.create(title="Winter"), FilmFactory()
        data = form_data(client.get(changing(season))) | {
            "entries-TOTAL_FORMS": 2, "entries-0-film": film.pk, "entries-0-section": "Day 1",
            "entries-1-review": public.pk, "is_public": "on",
        }  # fmt: skip

        response = client.post(changing(season), data)

        assert response.status_code == 302
        assert list(season.entries.values_list("position", "film", "review", "section")) == [
            (1, film.pk, None, "Day 1"),
            (2, None, public.pk, ""),
        ]
        assert Season.objects.get().is_public

    def test_faults_are_named_where_they_are(self, sign_in, editor, public):
        client, season = sign_in(editor), Season.objects.create(title="Winter")
        data = form_data(client.get(changing(season))) | {
            "last_day": "2026-05-01", "entries-TOTAL_FORMS": 2, "entries-0-note": "Typed",
            "entries-1-film": public.film_id, "entries-1-review": public.pk,
        }  # fmt: skip

        response = client.post(changing(season), data)

        assert errors(response) == {
            "first_day": ["Give the first day as well, or empty the last one."],
            "entries-0-film": ["Choose a film or a review: one of the two."],
            "entries-1-film": ["Choose a film or a review: one of the two."],
        }
        assert 'value="Typed"' in response.text

    def test_authors_look_but_do_not_change(self, sign_in, ada):
        season = Season.objects.create(title="Winter")
        client = sign_in(ada)

        assert client.get(changing(season)).status_code == 200
        assert client.post(changing(season), {"title": "Mine"}).status_code == 403
        assert client.get(address(Season, "add")).status_code == 403


def test_lists_and_forms_cost_the_same_at_one_and_at_three(sign_in, editor, film, ada):
    client, found = sign_in(editor), []
    page, season = FrontPage.objects.create(name="Page"), Season.objects.create(title="Season")
    row = FrontRow.objects.create(page=page, kind=Kind.PICKED, position=1)
    for number in (1, 2, 3):
        review = make_review(film, ada, headline=f"R{number}", state=State.PUBLISHED)
        FrontPick.objects.create(row=row, review=review)
        FrontRow.objects.create(page=page, kind=Kind.DIRECTOR, person=PersonFactory(), position=number)
        SeasonEntry.objects.create(season=season, review=review)
        SeasonEntry.objects.create(season=season, film=FilmFactory())
        FrontPage.objects.create(name=f"Page {number}")
        Season.objects.create(title=f"Season {number}")
        counted = {}
        for shown in (
            address(FrontPage, "changelist"),
            address(Season, "changelist"),
            changing(page),
            changing(season),
        ):
            client.get(shown)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(shown).status_code == 200
            counted[shown] = len(captured)
        found.append(list(counted.values()))

    assert found[0] == found[2]
    assert max(found[2]) <= 12
