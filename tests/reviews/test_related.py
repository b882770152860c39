"""What a review recommends to read next, and why; what else was said of its film; its neighbours by date."""

from datetime import UTC, datetime, timedelta
from itertools import batched

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from taggit.models import Tag, TaggedItem

from films.models import Role
from reviews.models import Capsule, Publication, RelatedChoice, Review, State
from reviews.related import SHOWN
from tests.factories import (
    AuthorFactory,
    CapsuleFactory,
    CreditFactory,
    DraftFactory,
    FilmFactory,
    PersonFactory,
    ReviewFactory,
)
from tests.reviews.test_pages import section, soup, text

pytestmark = pytest.mark.django_db
HIDDEN = {
    "draft": {"state": State.DRAFT, "published_at": None},
    "withdrawn": {"state": State.WITHDRAWN},
    "scheduled": {"published_at": timezone.now() + timedelta(days=300)},
}


def reviewed(title, *, days=1, authors=None, tags=(), credits=(), state=State.PUBLISHED, **film):
    """A review of a film of this title; `credits` are pairs of role and person."""
    film = FilmFactory(title=title, **{"year": None} | film)
    for place, (role, person) in enumerate(credits, 1):
        CreditFactory(film=film, role=role, person=person, position=place)
    moment = timezone.now() - timedelta(days=days) if state != State.DRAFT else None
    return ReviewFactory(film=film, authors=authors, tag_names=list(tags), published_at=moment, state=state)


def read_next(client, review):
    """The titles recommended on the page of a review, each with its printed reason."""
    found = section(soup(client.get(review.get_absolute_url())), "Read next")
    return {text(item.h3.a): text(item.select_one(".reason")) for item in found.select("li")} if found else {}


def choose(review, other, choice="pin", reason="", position=1):
    return RelatedChoice.objects.create(review=review, other=other, choice=choice, reason=reason, position=position)


class TestReasons:
    @pytest.mark.parametrize(
        ("role", "reason"),
        [
            (Role.CINEMATOGRAPHER, "Also shot by Agnès Godard"),
            (Role.WRITER, "Also written by Agnès Godard"),
            (Role.COMPOSER, "Also with music by Agnès Godard"),
            (Role.EDITOR, "Also edited by Agnès Godard"),
            (Role.ACTOR, "Also with Agnès Godard"),
            (Role.SOURCE_AUTHOR, "Also from a work by Agnès Godard"),
        ],
    )
    def test_who_did_the_same_on_both_films_is_named(self, client, role, reason):
        godard = PersonFactory(name="Agnès Godard")
        review = reviewed("Beau Travail", credits=[(role, godard)])
        reviewed("Golden Door", credits=[(role, godard)])

        assert read_next(client, review) == {"Golden Door": reason}

    def test_every_role_has_its_words(self, client):
        person = PersonFactory(name="Somebody")
        review = reviewed("First", credits=[(role, person) for role in Role if role != Role.DIRECTOR])
        others = [reviewed(role.label, credits=[(role, person)]) for role in Role if role != Role.DIRECTOR]

        reasons = {}
        for some in batched(others, SHOWN, strict=False):
            RelatedChoice.objects.all().delete()
            for other in some:
                choose(review, other)
            reasons |= read_next(client, review)

        assert len(reasons) == len(Role) - 1
        assert all(reason.startswith("Also ") and reason.endswith(" Somebody") for reason in reasons.values())

    def test_another_task_on_the_other_film_is_no_reason(self, client):
        godard = PersonFactory(name="Agnès Godard")
        review = reviewed("Beau Travail", credits=[(Role.CINEMATOGRAPHER, godard)])
        reviewed("She plays a part", credits=[(Role.ACTOR, godard)])
        reviewed("Of the same name", credits=[(Role.CINEMATOGRAPHER, PersonFactory(name="Agnès Godard"))])

        assert read_next(client, review) == {}

    def test_who_directed_and_wrote_both_is_named_once(self, client):
        bong = PersonFactory(name="Bong Joon-ho")
        both = [(Role.DIRECTOR, bong), (Role.WRITER, bong)]
        review = reviewed("Mother", credits=both)
        other = reviewed("Parasite", credits=both)
        choose(review, other)

        assert read_next(client, review) == {"Parasite": "Also by Bong Joon-ho"}

    def test_who_did_two_things_is_named_for_the_one_that_says_more(self, client):
        cast = [(Role.ACTOR, PersonFactory()) for _ in range(3)]
        varda = PersonFactory(name="Agnès Varda")
        both = [(Role.ACTOR, varda), (Role.EDITOR, varda)]
        review = reviewed("Cléo from 5 to 7", credits=[*cast, *both])
        reviewed("La Pointe Courte", credits=both)

        assert read_next(client, review) == {"La Pointe Courte": "Also edited by Agnès Varda"}

    def test_two_reasons_at_most_strongest_first(self, client):
        godard, lavant, colin = (PersonFactory(name=name) for name in ("Agnès Godard", "Denis Lavant", "G. Colin"))
        otto = AuthorFactory(name="Otto Splice")
        credits = [(Role.CINEMATOGRAPHER, godard), (Role.ACTOR, lavant)]
        review = reviewed("Beau Travail", credits=credits, tags=["desire"], authors=[otto])
        reviewed("Golden Door", credits=credits, tags=["desire"], authors=[otto])
        reviewed("Only tags", tags=["desire"], days=0)

        assert list(read_next(client, review).items()) == [
            ("Golden Door", "Also shot by Agnès Godard, with Denis Lavant"),
            ("Only tags", "Also filed under “desire”"),
        ]
        assert colin.credits.count() == 0

    def test_tags_of_the_review_itself_count(self, client):
        review = reviewed("Beau Travail", tags=["desire", "bodies and work"])
        other = reviewed("Claire’s Camera", tags=["desire", "bodies and work", "sea"])
        ReviewFactory(film=reviewed("Untagged").film, tag_names=["desire"], published_at=timezone.now() - timedelta(9))
        Tag.objects.create(name="unused")

        assert read_next(client, review)[other.title] == "Also filed under “bodies and work” and “desire”"

    def test_tag_of_something_else_with_the_same_number_is_no_reason(self, client):
        review = reviewed("Beau Travail", tags=["desire"])
        other = reviewed("Not tagged")
        tag = Tag.objects.get(name="desire")
        TaggedItem.objects.create(
            tag=tag, object_id=other.pk, content_type=ContentType.objects.get_for_model(Publication)
        )

        assert read_next(client, review) == {}

    def test_country_and_decade_have_to_be_the_same(self, client):
        review = reviewed("La Promesse", year=1996, countries=["BE", "FR"])
        reviewed("Same", year=1990, countries=["FR"])
        reviewed("Other decade", year=1989, countries=["FR"])
        reviewed("Next decade", year=2000, countries=["FR"])
        reviewed("Other country", year=1996, countries=["JP"])
        reviewed("No year", year=None, countries=["FR"])

        assert read_next(client, review) == {"Same": "Also from France in the 1990s"}

    def test_countries_have_their_article(self, client):
        review = reviewed("Turks Fruit", year=1973, countries=["NL"])
        reviewed("Keetje Tippel", year=1975, countries=["NL"])

        assert read_next(client, review) == {"Keetje Tippel": "Also from the Netherlands in the 1970s"}

    def test_the_same_critic_is_the_last_resort(self, client):
        otto, juno = AuthorFactory(name="Otto Splice"), AuthorFactory(name="Juno Testcard")
        review = reviewed("Wanda", authors=[otto, juno])
        reviewed("By one of them", authors=[juno])
        reviewed("By another", authors=[AuthorFactory(name="Juno Testcard")])

        assert read_next(client, review) == {"By one of them": "Also reviewed by Juno Testcard"}


class TestList:
    def test_leaves_out_what_the_shelf_above_shows(self, client):
        denis, godard = PersonFactory(name="Claire Denis"), PersonFactory(name="Agnès Godard")
        credits = [(Role.DIRECTOR, denis), (Role.CINEMATOGRAPHER, godard)]
        review = reviewed("Beau Travail", credits=credits)
        shown = [reviewed(f"On the shelf {number}", credits=credits, year=2000 + number) for number in range(6)]
        reviewed("No more room there", credits=credits, year=1990)

        assert read_next(client, review) == {"No more room there": "Also by Claire Denis, shot by Agnès Godard"}
        assert all(
            other.title in text(section(soup(client.get(review.get_absolute_url())), "More by")) for other in shown
        )

    def test_leaves_out_other_reviews_of_the_film_and_second_ones_of_another(self, client):
        review, other = reviewed("Beau Travail", tags=["desire"]), reviewed("Bastards", tags=["desire"])
        for film in (review.film, other.film):
            ReviewFactory(film=film, headline=f"{film.title}, again", tag_names=["desire"])

        assert list(read_next(client, review)) == ["Bastards, again"]

    @pytest.mark.parametrize("values", HIDDEN.values(), ids=HIDDEN)
    def test_shows_only_what_is_public(self, client, values):
        review = reviewed("Beau Travail", tags=["desire"])
        pinned, found = (ReviewFactory(tag_names=["desire"], **values) for _ in range(2))
        choose(review, pinned, reason="Read this")

        assert read_next(client, review) == {}

        Review.objects.filter(pk__in=[pinned.pk, found.pk]).update(
            state=State.PUBLISHED, published_at=timezone.now() - timedelta(hours=1)
        )
        assert list(read_next(client, review).items()) == [
            (pinned.title, "Read this"), (found.title, "Also filed under “desire”"),
        ]  # fmt: skip

    def test_a_hundred_newer_drafts_hide_nothing(self, client):
        review, other = (reviewed(title, tags=["desire"]) for title in ("Beau Travail", "Bastards"))
        drafts = Review.objects.bulk_create(Review(film=other.film, slug=f"draft-{n}") for n in range(120))
        tag, kind = Tag.objects.get(), ContentType.objects.get_for_model(Review)
        TaggedItem.objects.bulk_create(TaggedItem(tag=tag, content_type=kind, object_id=draft.pk) for draft in drafts)

        assert list(read_next(client, review)) == ["Bastards"]

    def test_equal_ones_stand_newest_first_and_always_the_same(self, client):
        day = datetime(2024, 5, 1, tzinfo=UTC)
        review = reviewed("Beau Travail", tags=["a", "b", "c", "d"])
        made = [reviewed(f"Tagged {tag}", tags=[tag]) for tag in "abcd"]
        for other, date in zip(made, (day, day + timedelta(days=2), day, day + timedelta(days=1)), strict=True):
            Review.objects.filter(pk=other.pk).update(published_at=date)

        found = list(read_next(client, review))
        cache.clear()

        assert found == ["Tagged b", "Tagged d", "Tagged c", "Tagged a"]
        assert list(read_next(client, review)) == found

    def test_the_same_first_reason_stands_twice_as_long_as_there_are_others(self, client):
        godard = PersonFactory(name="Agnès Godard")
        review = reviewed("Beau Travail", credits=[(Role.CINEMATOGRAPHER, godard)], tags=["desire"])
        for number in range(5):
            reviewed(f"Shot {number}", credits=[(Role.CINEMATOGRAPHER, godard)], days=number + 1)
        reviewed("Filed", tags=["desire"])

        assert list(read_next(client, review)) == ["Shot 0", "Shot 1", "Filed", "Shot 2"]

    def test_list_is_full_where_all_share_one_theme(self, client):
        critics = AuthorFactory.create_batch(4)
        review = reviewed("Beau Travail", tags=["desire"], authors=critics[:1])
        for number in range(40):
            reviewed(f"Filed {number}", tags=["desire"], authors=[critics[number % 4]])

        found = read_next(client, review)

        assert len(found) == SHOWN
        assert all(reason.startswith("Also filed under “desire”") for reason in found.values())

    def test_common_theme_leaves_room_for_other_reasons(self, client):
        otto = AuthorFactory(name="Otto Splice")
        review = reviewed("La Promesse", year=1996, countries=["BE"], tags=["work", "youth"], authors=[otto])
        reviewed("Of the place", year=1991, countries=["BE"])
        reviewed("Of the other theme", tags=["youth"])
        reviewed("Of the critic", authors=[otto])
        for number in range(40):
            reviewed(f"Work {number}", tags=["work"])

        assert list(read_next(client, review)) == ["Work 39", "Work 38", "Of the other theme", "Of the place"]

    def test_names_are_escaped(self, client):
        review = reviewed("Beau Travail", credits=[(Role.WRITER, PersonFactory(name="<b>Bold</b> & Sons"))])
        reviewed("Other", credits=[(Role.WRITER, PersonFactory._meta.model.objects.get())])

        assert read_next(client, review) == {"Other": "Also written by <b>Bold</b> & Sons"}

    @pytest.mark.parametrize("count", [1, 30])
    def test_costs_the_same_for_one_and_for_thirty(self, client, count, django_assert_num_queries):
        Publication().save()
        lavant, otto = PersonFactory(), AuthorFactory()
        same = {
            "credits": [(Role.ACTOR, lavant)],
            "tags": ["desire"],
            "authors": [otto],
            "countries": ["FR"],
            "year": 1999,
        }
        review = reviewed("Beau Travail", **same)
        for number in range(count):
            reviewed(f"Other {number}", **same)
            choose(review, reviewed(f"Pinned {number}"), position=number)
        ContentType.objects.get_for_model(Review)

        with django_assert_num_queries(11):
            client.get(review.get_absolute_url())


class TestPinsAndBars:
    def test_pins_come_first_in_their_order_with_their_own_reason_or_what_is_shared(self, client):
        review = reviewed("Beau Travail", tags=["desire"])
        reviewed("Found", tags=["desire"])
        choose(review, reviewed("Nothing shared"), position=3)
        choose(review, reviewed("Shared", tags=["desire"], days=900), position=2)
        choose(review, reviewed("With words"), reason="the same winter, the other side", position=1)

        assert list(read_next(client, review).items()) == [
            ("With words", "The same winter, the other side"),
            ("Shared", "Also filed under “desire”"),
            ("Nothing shared", "Chosen by the editors"),
            ("Found", "Also filed under “desire”"),
        ]

    def test_pins_fill_the_list_and_no_more(self, client):
        review = reviewed("Beau Travail")
        pins = [reviewed(f"P{number}") for number in range(SHOWN + 2)]
        for number, pin in enumerate(pins, 1):
            choose(review, pin, position=number)
        pins[0].withdraw()

        assert list(read_next(client, review)) == ["P1", "P2", "P3", "P4"]

    def test_a_pin_is_shown_even_if_the_shelf_has_the_film(self, client):
        denis = PersonFactory(name="Claire Denis")
        review, other = (reviewed(title, credits=[(Role.DIRECTOR, denis)]) for title in ("Beau Travail", "Bastards"))
        choose(review, other)

        assert read_next(client, review) == {"Bastards": "Also by Claire Denis"}

    def test_a_bar_holds_on_this_review_alone(self, client):
        review, barred = reviewed("Beau Travail", tags=["desire"]), reviewed("Barred", tags=["desire"])
        choose(review, barred, "bar")

        assert read_next(client, review) == {}
        assert list(read_next(client, barred)) == ["Beau Travail"]

    def test_preview_of_a_draft_recommends_as_its_page_will(self, admin_client):
        draft = reviewed("Beau Travail", tags=["desire"], state=State.DRAFT)
        reviewed("Bastards", tags=["desire"])

        page = soup(admin_client.get(reverse("admin:reviews_review_preview", args=[draft.pk])))

        assert text(section(page, "Read next").h3) == "Bastards"
        assert page.select(".neighbours") == []


class TestSecondOpinions:
    def opinions(self, client, review):
        """By critic: (year, what is linked or said, rating) of each view."""
        found = section(soup(client.get(review.get_absolute_url())), "Second opinions")
        return found and {
            text(item.h3): [
                (view.time["datetime"][:4], text(view.select_one("a:not(.rating), [aria-current]")), text(view.select_one(".rating [aria-hidden]")))
                for view in item.select("ol > li")
            ]
            for item in found.select("ul.opinions > li")
        }  # fmt: skip

    def test_one_critic_over_time_and_others_on_every_review_of_the_film(self, client):
        nora, otto, film = AuthorFactory(name="Nora Vale"), AuthorFactory(name="Otto Splice"), FilmFactory()

        def said(author, year, rating, headline):
            date = datetime(year, 6, 1, tzinfo=UTC)
            return ReviewFactory(film=film, authors=[author], published_at=date, rating=rating, headline=headline)

        early, late = said(nora, 2019, 3.5, "Once"), said(nora, 2024, 4.5, "Again")
        said(otto, 2020, None, "No")

        assert self.opinions(client, early) == {
            "Nora Vale": [("2019", "This review", "3.5/5"), ("2024", "Again", "4.5/5")],
            "Otto Splice": [("2020", "No", "")],
        }
        assert list(self.opinions(client, late)) == ["Nora Vale", "Otto Splice"]

    def test_capsules_count_as_views(self, client):
        nora, otto = AuthorFactory(name="Nora Vale"), AuthorFactory(name="Otto Splice")
        review = ReviewFactory(authors=[nora], rating=4, published_at=datetime(2024, 6, 1, tzinfo=UTC))
        for author, year, rating in ((nora, 2019, 3), (otto, 2021, 2.5)):
            capsule = CapsuleFactory(film=review.film, author=author, rating=rating)
            Capsule.objects.filter(pk=capsule.pk).update(created_at=datetime(year, 6, 1, tzinfo=UTC))
        CapsuleFactory(author=otto)

        assert self.opinions(client, review) == {
            "Nora Vale": [("2019", "In short", "3/5"), ("2024", "This review", "4/5")],
            "Otto Splice": [("2021", "In short", "2.5/5")],
        }
        way = section(soup(client.get(review.get_absolute_url())), "Second opinions").find("a", string="In short")
        assert soup(client.get(way["href"].partition("#")[0])).select_one("#" + way["href"].partition("#")[2])

    def test_nothing_is_printed_when_nobody_else_has_spoken_publicly(self, client):
        review = ReviewFactory()
        DraftFactory(film=review.film, headline="Zyzzyva")
        ReviewFactory(film=review.film, headline="Zyzzyva", published_at=timezone.now() + timedelta(days=3))

        assert self.opinions(client, review) is None
        assert "Zyzzyva" not in client.get(review.get_absolute_url()).text


class TestNeighbours:
    def neighbours(self, client, review):
        page = soup(client.get(review.get_absolute_url()))
        return {link["rel"][0]: text(link.strong) for link in page.select(".neighbours a")}

    def test_lead_to_the_next_older_and_newer_public_review(self, client):
        for days in (1, 3, 5, 7):
            reviewed(f"Day {days}", days=days)
        DraftFactory()
        reviewed("Withdrawn", days=4, state=State.WITHDRAWN)
        reviewed("Scheduled", days=-2)

        def of(title):
            return self.neighbours(client, Review.objects.get(film__title=title))

        assert of("Day 3") == {"prev": "Day 5", "next": "Day 1"}
        assert of("Day 1") == {"prev": "Day 3"}
        assert of("Day 7") == {"next": "Day 5"}

    def test_reviews_of_one_moment_follow_in_the_order_they_were_made(self, client):
        moment = datetime(2024, 1, 1, tzinfo=UTC)
        first, second, third = (
            ReviewFactory(film=FilmFactory(title=title), published_at=moment) for title in ("First", "Second", "Third")
        )

        assert self.neighbours(client, first) == {"next": "Second"}
        assert self.neighbours(client, second) == {"prev": "First", "next": "Third"}
        assert self.neighbours(client, third) == {"prev": "Second"}

    def test_another_review_of_the_film_may_be_the_neighbour(self, client):
        film = FilmFactory(title="Beau Travail")
        old = ReviewFactory(film=film, headline="Once", published_at=timezone.now() - timedelta(days=3))
        new = ReviewFactory(film=film, headline="Again")

        assert self.neighbours(client, old) == {"next": "Again"}
        assert self.neighbours(client, new) == {"prev": "Once"}
