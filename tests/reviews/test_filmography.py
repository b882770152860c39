"""Pages of people and films: the filmography, who worked together, full credits, and films with the same people."""

from contextlib import contextmanager

import pytest
from django.db import connection

from films.models import Role
from people.models import Person
from reviews.coverage import collaborators, filmography
from reviews.models import Publication
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


@pytest.fixture
def audiard():
    return PersonFactory(name="Jacques Audiard")


def made(person, title, year, **roles):
    """A film directed by a person, with others by role: `editor=…`; a list for several."""
    film = FilmFactory(title=title, year=year, directors=[person])
    for role, people in roles.items():
        for place, other in enumerate(people if isinstance(people, list) else [people], 1):
            CreditFactory(film=film, role=role, person=other, position=place)
    return film


@contextmanager
def before_second_query(act):
    """Somebody does something between the first query and the second."""
    asked = 0

    def wrapper(execute, *args):
        nonlocal asked
        asked += 1
        if asked == 2:
            act()
        return execute(*args)

    with connection.execute_wrapper(wrapper):
        yield


class TestFilmography:
    def titles(self, page):
        return [text(item) for item in section(page, "Films as director").select("h3")]

    @pytest.fixture
    def four(self, audiard):
        for title, year in (("Middle", 2009), ("First", 1994), ("Undated", None), ("Last", 2021)):
            made(audiard, title, year)

    def test_newest_first_or_oldest_first_with_undated_films_last(self, client, four):
        newest, oldest = (
            soup(client.get("/people/jacques-audiard/")),
            soup(client.get("/people/jacques-audiard/?order=oldest")),
        )

        assert self.titles(newest) == ["Last", "Middle", "First", "Undated"]
        assert self.titles(oldest) == ["First", "Middle", "Last", "Undated"]
        assert text(newest.select_one('.either [aria-current="true"]')) == "Newest first"
        assert text(oldest.select_one('.either [aria-current="true"]')) == "Oldest first"

    def test_both_orders_are_one_page_to_search_engines(self, client, four):
        page = soup(client.get("/people/jacques-audiard/?order=oldest"))

        assert page.select_one('link[rel="canonical"]')["href"].endswith("/people/jacques-audiard/")

    @pytest.mark.parametrize(
        ("order", "address"),
        {"": "", "newest": "", "NEWEST": "", "OLDEST": "?order=oldest", "oldest+": "?order=oldest"}.items(),
    )
    def test_order_has_one_address(self, client, audiard, order, address):
        response = client.get(f"/people/jacques-audiard/?order={order}")

        assert (response.status_code, response.url) == (302, f"/people/jacques-audiard/{address}")

    @pytest.mark.parametrize("order", ["x" * 10_000, "%00", "%ed%a0%80", "' OR 1=1 --", "<script>"])
    def test_order_that_makes_no_sense_is_a_404(self, client, audiard, order):
        response = client.get(f"/people/jacques-audiard/?order={order}")

        assert response.status_code == 404
        assert b"<script>" not in response.content

    def test_film_that_is_deleted_while_the_page_is_made_is_left_out(self, audiard):
        kept, gone = made(audiard, "Kept", 2001), made(audiard, "Gone", 2002)

        with before_second_query(gone.delete):
            (group,) = filmography(audiard)

        assert [row.film for row in group.films] == [kept]

    def test_films_say_what_they_were_rated_and_by_whom(self, client, audiard):
        film, short = made(audiard, "A Prophet", 2009), made(audiard, "Read My Lips", 2001)
        ReviewFactory(film=film, rating=2, headline="Once", authors=[AuthorFactory(name="Earlier Critic")])
        vera, otto = AuthorFactory(name="Vera"), AuthorFactory(name="Otto")
        newest = ReviewFactory(
            film=film, rating=4.5, headline="Now", standfirst="He learns to read.", authors=[vera, otto]
        )
        CapsuleFactory(film=short, rating=3)
        DraftFactory(film=short, rating=1)

        reviewed, unreviewed = section(soup(client.get("/people/jacques-audiard/")), "Films as director").select("li")

        assert reviewed.h3.a["href"] == newest.get_absolute_url()
        assert text(reviewed.select_one("p")) == "He learns to read."
        assert text(reviewed.select_one(".rating [aria-hidden]")) == "4.5/5"
        assert "Reviewed by Vera and Otto" in text(reviewed)
        assert unreviewed.h3.a["href"] == short.get_absolute_url()
        assert text(unreviewed.select_one(".rating [aria-hidden]")) == "3/5"


class TestCollaborators:
    def together(self, client, person):
        found = section(soup(client.get(person.get_absolute_url())), "Often together")
        return [text(item).replace(" ,", ",") for item in found.select("li")] if found else []

    def test_counts_films_not_credits_and_names_the_roles(self, client, audiard):
        fontaine, bidegain = PersonFactory(name="Stéphane Fontaine"), PersonFactory(name="Thomas Bidegain")
        for year in (2005, 2009, 2012, 2018):
            made(audiard, f"Of {year}", year, cinematographer=fontaine, writer=bidegain if year > 2005 else [])
        film = made(audiard, "Of 2024", 2024, writer=bidegain)
        CreditFactory(film=film, person=bidegain, role=Role.PRODUCER)
        CreditFactory(film=film, person=bidegain, role=Role.ACTOR, character="A clerk")
        CreditFactory(film=film, person=bidegain, role=Role.ACTOR, character="A judge")
        CreditFactory(film=film, person=PersonFactory(name="Only Once"), role=Role.EDITOR)

        assert self.together(client, audiard) == [
            "with Thomas Bidegain, writer, producer and actor: 4 films, 2009–2024",
            "with Stéphane Fontaine, cinematographer: 4 films, 2005–2018",
        ]

    def test_what_they_did_elsewhere_is_not_said(self, client, audiard):
        welfling = PersonFactory(name="Juliette Welfling")
        for number in range(2):
            made(audiard, f"Together {number}", 2001, editor=welfling)
            made(PersonFactory(), f"Elsewhere {number}", 1980, sound=welfling)
            CreditFactory(film=FilmFactory(year=None), person=welfling, role=Role.WRITER)

        assert self.together(client, audiard) == ["with Juliette Welfling, editor: 2 films, 2001"]

    def test_are_linked_both_ways(self, client, audiard):
        welfling = PersonFactory(name="Juliette Welfling")
        for year in (None, None):
            made(audiard, "Undated", year, editor=welfling)

        page = soup(client.get(welfling.get_absolute_url()))

        assert section(page, "Often together").a["href"] == "/people/jacques-audiard/"
        assert self.together(client, welfling) == ["with Jacques Audiard, director: 2 films"]

    @pytest.mark.parametrize("count", [2, 30])
    def test_cost_the_same_for_two_films_and_for_thirty(self, client, audiard, count, django_assert_num_queries):
        Publication().save()
        cast = [PersonFactory() for _ in range(40)]
        for number in range(count):
            ReviewFactory(film=made(audiard, f"Film {number}", 2000, actor=cast))

        with django_assert_num_queries(8):
            page = soup(client.get(audiard.get_absolute_url()))

        assert len(section(page, "Often together").select("li")) == 12
        assert "there are others" in text(section(page, "Often together"))

    def test_page_says_nothing_of_others_where_all_are_named(self, client, audiard):
        cast = [PersonFactory() for _ in range(12)]
        for number in range(2):
            made(audiard, f"Film {number}", 2000, actor=cast)

        page = soup(client.get(audiard.get_absolute_url()))

        assert len(self.together(client, audiard)) == 12
        assert "there are others" not in text(section(page, "Often together"))

    def test_who_is_deleted_while_the_page_is_made_is_left_out(self, audiard):
        kept, gone = PersonFactory(name="Kept"), PersonFactory(name="Gone")
        for number in range(2):
            made(audiard, f"Film {number}", 2000, actor=[kept, gone])

        with before_second_query(lambda: gone.credits.all().delete()):
            together = collaborators(audiard)

        assert [other.name for other in together.people] == ["Kept"]


class TestCredits:
    def cast(self, client, film):
        """Of the cast: each name in the list with those beside it."""
        rows, found = section(soup(client.get(film.get_absolute_url())), "Credits").select("dl")[-1], []
        for child in rows.find_all(["dt", "dd"]):
            if child.name == "dt":
                found.append((text(child), []))
            else:
                found[-1][1].append(text(child))
        return found

    def test_each_part_stands_once(self, client):
        film = FilmFactory()
        alec, young, old, extra, other = (
            PersonFactory(name=name) for name in ("Alec", "Young", "Old", "Extra", "Other")
        )
        cast = [(alec, "The Duke"), (young, "Marie"), (extra, ""), (alec, "The General"), (old, "Marie"), (other, "")]
        for place, (person, character) in enumerate(cast, 1):
            CreditFactory(film=film, person=person, character=character, position=place)

        assert self.cast(client, film) == [
            ("The Duke and The General", ["Alec"]),
            ("Marie", ["Young", "Old"]),
            ("With", ["Extra", "Other"]),
        ]

    def test_all_of_two_hundred_are_there(self, client):
        film = FilmFactory()
        for place in range(200):
            CreditFactory(film=film, character=f"Guest {place}", position=place)

        assert len(self.cast(client, film)) == 200


class TestCapsules:
    @pytest.mark.parametrize("is_reviewed", [True, False])
    def test_stand_on_the_films_page_with_or_without_a_review(self, client, is_reviewed):
        film = FilmFactory()
        CapsuleFactory(
            film=film, author=AuthorFactory(name="Otto Splice"), rating=2.5, body="<p>Too long by a war.</p>"
        )
        if is_reviewed:
            ReviewFactory(film=film, standfirst="Every hour of it counts.")

        page = soup(client.get(film.get_absolute_url()))

        assert "Too long by a war." in text(section(page, "In short"))
        assert text(section(page, "In short").select_one(".rating [aria-hidden]")) == "2.5/5"
        assert (section(page, "Our review") is not None) == is_reviewed


class TestSamePeople:
    def same(self, client, film):
        found = section(soup(client.get(film.get_absolute_url())), "With the same people")
        return {text(item.h3.a): text(item.select_one(".reason")) for item in found.select("li")} if found else {}

    def test_films_that_share_most_stand_first_with_their_reason(self, client, audiard):
        godard, lavant, minor = (PersonFactory(name=name) for name in ("Agnès Godard", "Denis Lavant", "Minor Part"))
        film = made(
            audiard,
            "Beau Travail",
            1999,
            cinematographer=godard,
            actor=[lavant, PersonFactory(), PersonFactory(), minor],
        )
        made(PersonFactory(), "Minor only", 2020, actor=minor)
        made(PersonFactory(), "Both", 1990, cinematographer=godard, actor=lavant)
        made(PersonFactory(), "Star only", 2001, actor=lavant)
        made(PersonFactory(), "In another task", 2002, writer=godard, editor=lavant)

        assert list(self.same(client, film).items()) == [
            ("Both", "Also shot by Agnès Godard, with Denis Lavant"),
            ("Star only", "Also with Denis Lavant"),
            ("Minor only", "Also with Minor Part"),
        ]

    def test_list_is_full_where_one_person_is_shared_most(self, client, audiard):
        godard, colin = PersonFactory(name="Agnès Godard"), PersonFactory(name="Grégoire Colin")
        film = made(audiard, "Beau Travail", 1999, cinematographer=godard, actor=colin)
        made(PersonFactory(), "With Colin", 1950, actor=colin)
        for number in range(20):
            made(PersonFactory(), f"Shot {number}", 1980 + number, cinematographer=godard)

        found = self.same(client, film)

        assert list(found) == ["Shot 19", "Shot 18", "With Colin", "Shot 17", "Shot 16", "Shot 15"]
        assert found["With Colin"] == "Also with Grégoire Colin"

    def test_reviewed_ones_stand_before_others_that_share_as_much(self, client, audiard):
        godard = PersonFactory(name="Agnès Godard")
        film = made(audiard, "Beau Travail", 1999, cinematographer=godard)
        made(PersonFactory(), "Newer", 2020, cinematographer=godard)
        DraftFactory(film=made(PersonFactory(), "Draft", 2019, cinematographer=godard))
        ReviewFactory(film=made(PersonFactory(), "Reviewed", 1980, cinematographer=godard))

        assert list(self.same(client, film)) == ["Reviewed", "Newer", "Draft"]

    def test_films_on_the_directors_shelf_are_not_repeated(self, client, audiard):
        godard = PersonFactory(name="Agnès Godard")
        film = made(audiard, "Beau Travail", 1999, cinematographer=godard)
        made(audiard, "Bastards", 2013, cinematographer=godard)

        assert self.same(client, film) == {}
        assert "Bastards" in text(section(soup(client.get(film.get_absolute_url())), "More by"))

    @pytest.mark.parametrize("count", [1, 30])
    def test_cost_the_same_for_one_film_and_for_thirty(self, client, audiard, count, django_assert_num_queries):
        Publication().save()
        cast = [PersonFactory() for _ in range(20)]
        film = made(audiard, "Beau Travail", 1999, actor=cast)
        ReviewFactory(film=film)
        for number in range(count):
            ReviewFactory(film=made(PersonFactory(), f"Other {number}", 2000, actor=cast))

        with django_assert_num_queries(10):
            client.get(film.get_absolute_url())
        assert Person.objects.count() == 21 + count
