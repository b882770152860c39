"""What readers find on each public page, and what they never find there."""

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.utils import timezone
from taggit.models import Tag

from films.models import Role
from reviews.models import Page, Publication, Review, State
from tests.factories import (
    AuthorFactory,
    CapsuleFactory,
    CreditFactory,
    CriticQuoteFactory,
    DraftFactory,
    FilmFactory,
    PersonFactory,
    ReviewFactory,
    StillFactory,
)

pytestmark = pytest.mark.django_db


def soup(response):
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html5lib")


def text(element):
    return re.sub(r"\s+", " ", element.get_text(" ", strip=True)) if element else ""


def section(page, heading):
    """The section of a page under this heading, or None."""
    found = next((words for words in page.find_all(["h1", "h2"]) if heading in text(words)), None)
    return found.find_parent(["section", "aside"]) if found else None


@pytest.fixture
def rust(client):
    """A review with everything a review page can have."""
    audiard = PersonFactory(name="Jacques Audiard")
    film = FilmFactory(
        title="Rust and Bone", original_title="De rouille et d’os", original_language="fr", year=2012, runtime=120,
        synopsis="Ali comes south.", directors=[audiard], countries=["FR", "BE"],
    )  # fmt: skip
    CreditFactory(film=film, role=Role.CINEMATOGRAPHER, person=PersonFactory(name="Stéphane Fontaine"))
    CreditFactory(film=film, role=Role.WRITER, person=PersonFactory(name="Thomas Bidegain"))
    CreditFactory(film=film, role=Role.ACTOR, person=PersonFactory(name="Marion Cotillard"), character="Stéphanie")
    CriticQuoteFactory(film=film, quote='"A melodrama that keeps its voice down."')
    StillFactory(film=film)
    author = AuthorFactory(name="Otto Splice", bio="<p>Learned the alphabet from end credits.</p>")
    author.favourite_film = FilmFactory(title="The Third Man")
    author.favourite_director_text = "Agnès Varda"
    author.guilty_pleasure = FilmFactory(title="Hudson Hawk")
    author.save()
    return ReviewFactory(
        film=film, authors=[author], standfirst="After a prison, a shoreline.", rating=4, verdict="It holds.",
        body='<p>Audiard films the body<span data-footnote="As a ledger.">*</span>.</p>', tag_names=["coastlines"],
        disclosure="Seen at a festival.",
    )  # fmt: skip


class TestReviewPage:
    def test_has_every_part_of_a_review(self, client, rust):
        page = soup(client.get("/reviews/rust-and-bone/"))

        assert text(page.h1) == "Rust and Bone"
        assert page.select_one(".byline time")["datetime"] == f"{timezone.localtime(rust.published_at):%Y-%m-%d}"
        assert text(page.select_one(".lead")) == "After a prison, a shoreline."
        assert "Ali comes south." in text(section(page, "Synopsis"))
        assert "“A melodrama that keeps its voice down.”" in text(section(page, "The critics say"))
        assert "Ada Placeholder, The Sample Gazette" in text(section(page, "The critics say"))
        assert "Audiard films the body" in text(section(page, "Our view"))
        assert "It holds." in text(section(page, "Our view"))
        assert page.select_one(".tags a")["href"] == "/tags/coastlines/"
        assert "Seen at a festival." in text(section(page, "Our view"))

    def test_fact_box_is_made_from_the_film(self, client, rust):
        box = soup(client.get("/reviews/rust-and-bone/")).select_one(".credits dl")

        facts = {}
        for child in box.find_all(["dt", "dd"]):
            if child.name == "dt":
                facts[text(child)] = []
            else:
                facts[list(facts)[-1]].append(text(child))
        assert facts == {
            "Original title": ["De rouille et d’os"],
            "Countries": ["France, Belgium"],
            "Year": ["2012"],
            "Director": ["Jacques Audiard"],
            "Writer": ["Thomas Bidegain"],
            "Cinematography": ["Stéphane Fontaine"],
            "Starring": ["Marion Cotillard"],
            "Running time": ["120 minutes"],
        }
        assert box.find("i")["lang"] == "fr"

    def test_empty_facts_leave_no_label_and_no_section(self, client):
        ReviewFactory(film=FilmFactory(title="Bare", year=None, synopsis=""), synopsis="", rating=None)

        page = soup(client.get("/reviews/bare/"))

        assert page.select(".credits dt") == []
        assert page.select_one(".rating") is None
        for heading in ("Synopsis", "The critics say", "More by", "More about"):
            assert section(page, heading) is None

    def test_author_panel_links_the_three_favourites(self, client, rust):
        panel = section(soup(client.get("/reviews/rust-and-bone/")), "More about")

        pairs = [(text(pair.dt), text(pair.dd)) for pair in panel.select(".fav div")]
        assert pairs == [
            ("Favourite film", "The Third Man"), ("Favourite director", "Agnès Varda"), ("Guilty pleasure", "Hudson Hawk"),
        ]  # fmt: skip
        assert panel.find("a", string="The Third Man")["href"] == "/films/the-third-man-1999/"
        assert panel.find("a", string="Agnès Varda") is None

    def test_footnote_leads_to_its_text_and_back(self, client, rust):
        page = soup(client.get("/reviews/rust-and-bone/"))

        reference = page.select_one('a[role="doc-noteref"]')
        note = page.select_one(reference["href"])
        assert "As a ledger." in text(note)
        assert note.select_one('a[role="doc-backlink"]')["href"] == f"#{reference['id']}"

    def test_several_authors_are_named_in_their_order(self, client):
        authors = [AuthorFactory(name="Zoe"), AuthorFactory(name="Abel")]
        ReviewFactory(film=FilmFactory(title="Two Hands"), authors=authors)

        page = soup(client.get("/reviews/two-hands/"))

        assert "Reviewed by Zoe and Abel" in text(page.select_one(".byline"))

    def test_is_the_same_to_the_byte_when_made_twice(self, client, rust):
        first = client.get("/reviews/rust-and-bone/").content
        cache.clear()

        assert client.get("/reviews/rust-and-bone/").content == first

    def test_sets_no_cookie_and_does_not_vary_by_reader(self, client, admin_client, rust):
        response = client.get("/reviews/rust-and-bone/")

        assert not response.cookies
        assert "Cookie" not in response.get("Vary", "")
        cache.clear()
        assert response.content == admin_client.get("/reviews/rust-and-bone/").content

    def test_unchanged_page_answers_304(self, client, rust):
        tag = client.get("/reviews/rust-and-bone/").headers["ETag"]

        assert client.get("/reviews/rust-and-bone/", headers={"If-None-Match": tag}).status_code == 304

    def test_publication_without_ratings_prints_none(self, client, rust):
        Publication(show_ratings=False).save()

        assert soup(client.get("/reviews/rust-and-bone/")).select(".rating") == []

    def test_picture_is_printed_with_size_text_and_credit(self, client, rust):
        rust.film.stills.update(widths=[480, 640])

        figure = soup(client.get("/reviews/rust-and-bone/")).select_one("figure.screen")

        assert [source["type"] for source in figure.select("source")] == ["image/avif", "image/webp"]
        assert "480w" in figure.source["srcset"]
        assert figure.source["sizes"] == "100vw"
        assert (figure.img["width"], figure.img["height"], figure.img["alt"]) == ("640", "360", "A field under snow.")
        assert text(figure.figcaption) == "Drawn for the tests"

    def test_film_without_picture_gets_a_title_card(self, client):
        ReviewFactory(film=FilmFactory(title="Unseen", year=1931))

        page = soup(client.get("/reviews/unseen/"))

        assert page.select_one(".screen .tc.tc-studio") is not None
        assert page.select(".screen img") == []

    def test_old_address_redirects_for_good(self, client, rust):
        rust.slug = "learning-to-lean"
        rust.save()

        response = client.get("/reviews/rust-and-bone/")

        assert (response.status_code, response["Location"]) == (301, "/reviews/learning-to-lean/")

    def test_review_in_another_language_says_so_where_its_own_words_are(self, client):
        film = FilmFactory(synopsis="Somebody arrives.")
        words = {"headline": "Un jour", "standfirst": "Une phrase.", "body": "<p>Notre avis.</p>", "verdict": "Oui."}
        review = ReviewFactory(film=film, language="fr", **words)
        own = ReviewFactory(film=film, language="en", **words)

        page = soup(client.get(review.get_absolute_url()))
        in_french = [place.get_text(" ", strip=True) for place in page.select("article [lang=fr]")]

        assert in_french == ["Un jour", "Une phrase.", "Notre avis.", "Oui."]
        assert soup(client.get(own.get_absolute_url())).select("article [lang]") == []


class TestShelf:
    """More by the director."""

    def shelf(self, client, review):
        return section(soup(client.get(review.get_absolute_url())), "More by")

    def titles(self, shelf):
        return [text(item.h3) for item in shelf.select(".capsule")]

    def test_reviewed_films_come_first_with_their_link_then_capsules(self, client):
        denis = PersonFactory(name="Claire Denis")
        review = ReviewFactory(film=FilmFactory(title="Beau Travail", directors=[denis]))
        plain = FilmFactory(title="Plain", year=2020, directors=[denis])
        capsule = CapsuleFactory(film=FilmFactory(title="With Capsule", year=1990, directors=[denis]))
        other = ReviewFactory(film=FilmFactory(title="Reviewed", year=1980, directors=[denis]))
        FilmFactory(title="By somebody else", directors=[PersonFactory()])

        shelf = self.shelf(client, review)

        assert self.titles(shelf) == ["Reviewed", "With Capsule", "Plain"]
        assert shelf.find("a", string="Read our review")["href"] == other.get_absolute_url()
        assert "Short and signed." in text(shelf)
        assert shelf.find("a", string="With Capsule")["href"] == capsule.film.get_absolute_url()
        assert shelf.find("a", string="Plain")["href"] == plain.get_absolute_url()

    def test_capsule_gives_way_once_a_review_is_published(self, client):
        denis = PersonFactory()
        review = ReviewFactory(film=FilmFactory(directors=[denis]))
        film = FilmFactory(title="High Life", directors=[denis])
        CapsuleFactory(film=film)
        draft = DraftFactory(film=film)
        assert "Short and signed." in text(self.shelf(client, review))

        draft.publish()

        assert "Short and signed." not in text(self.shelf(client, review))
        assert self.shelf(client, review).find("a", string="High Life")["href"] == draft.get_absolute_url()

    def test_two_directors_share_a_shelf(self, client):
        first, second = PersonFactory(name="Jean-Pierre Dardenne"), PersonFactory(name="Luc Dardenne")
        review = ReviewFactory(film=FilmFactory(directors=[first, second]))
        FilmFactory(title="Rosetta", directors=[first, second])

        shelf = self.shelf(client, review)

        assert text(shelf.h2) == "More by Jean-Pierre Dardenne and Luc Dardenne"
        assert self.titles(shelf) == ["Rosetta"]

    def test_nothing_is_shown_when_there_is_nothing(self, client):
        review = ReviewFactory(film=FilmFactory(directors=[PersonFactory()]))

        assert self.shelf(client, review) is None


HIDDEN = {
    "draft": {"state": State.DRAFT, "published_at": None},
    "in review": {"state": State.IN_REVIEW, "published_at": None},
    "withdrawn": {"state": State.WITHDRAWN},
    "scheduled": {"published_at": timezone.now() + timedelta(days=2)},
}


@pytest.mark.parametrize("values", HIDDEN.values(), ids=HIDDEN)
def test_what_is_not_public_is_seen_nowhere(client, values):
    director = PersonFactory(name="Claire Denis")
    film = FilmFactory(title="Shared Film", directors=[director])
    ReviewFactory(film=FilmFactory(title="Public Film", directors=[director]), tag_names=["sea"])
    hidden = ReviewFactory(
        film=film, headline="Zyzzyva", standfirst="Zyzzyva stands first.", body="<p>Zyzzyva</p>", verdict="Zyzzyva",
        is_featured=True, authors=[AuthorFactory(name="Otto Splice")], tag_names=["sea", "zyzzyva"], **values,
    )  # fmt: skip
    addresses = [
        "/", "/reviews/", "/reviews/public-film/", "/films/", film.get_absolute_url(), "/people/",
        director.get_absolute_url(), "/authors/", "/authors/otto-splice/", "/tags/sea/",
    ]  # fmt: skip

    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        assert b"zyzzyva" not in response.content.lower(), address
    assert client.get(hidden.get_absolute_url()).status_code == 404
    assert client.get("/tags/zyzzyva/").status_code == 404
    assert "0 reviews" in text(soup(client.get("/authors/otto-splice/")))


def test_scheduled_review_appears_by_the_clock_alone(client):
    moment = timezone.now() + timedelta(hours=1)
    review = ReviewFactory(published_at=moment)

    with time_machine.travel(moment - timedelta(seconds=1)):
        assert client.get(review.get_absolute_url()).status_code == 404
    with time_machine.travel(moment + timedelta(seconds=1)):
        assert client.get(review.get_absolute_url()).status_code == 200
        assert review.title in text(soup(client.get("/reviews/")))


class TestOtherPages:
    def test_home_leads_with_the_newest_featured_review(self, client):
        ReviewFactory(film=FilmFactory(title="Newest"))
        ReviewFactory(
            film=FilmFactory(title="Chosen"), is_featured=True, published_at=timezone.now() - timedelta(days=5)
        )

        page = soup(client.get("/"))

        assert text(page.select_one(".lead-story h2")) == "Chosen"
        assert "Newest" in text(section(page, "New reviews"))

    def test_home_of_an_empty_publication_says_so(self, client):
        page = soup(client.get("/"))

        assert "Nothing on the screen yet" in text(page.main)

    def test_person_page_groups_the_filmography_by_role(self, client):
        varda = PersonFactory(name="Agnès Varda", birth_year=1928, death_year=2019)
        cleo = FilmFactory(title="Cléo from 5 to 7", year=1962, directors=[varda])
        CreditFactory(film=cleo, person=varda, role=Role.WRITER)
        vagabond = FilmFactory(title="Vagabond", year=1985, directors=[varda])
        CreditFactory(
            film=FilmFactory(title="Faces Places", year=2017), person=varda, role=Role.ACTOR, character="Herself"
        )
        review = ReviewFactory(film=cleo)
        CapsuleFactory(film=vagabond)

        page = soup(client.get("/people/agnes-varda/"))

        directed = section(page, "Films as director")
        assert [text(item) for item in directed.select("h3")] == ["Vagabond", "Cléo from 5 to 7"]
        assert directed.find("a", string="Cléo from 5 to 7")["href"] == review.get_absolute_url()
        assert "Short and signed." in text(directed)
        assert "as Herself" in text(section(page, "Films as actor"))
        assert "1928–2019" in text(page.header) or "1928–2019" in text(page.select_one(".review-head"))
        assert "1 of 3 films reviewed here" in text(page.select_one(".review-head"))

    def test_film_page_has_cast_reviews_and_quotes(self, client, rust):
        page = soup(client.get("/films/rust-and-bone-2012/"))

        assert "Marion Cotillard" in text(section(page, "Credits"))
        assert "Stéphanie" in text(section(page, "Credits"))
        assert section(page, "Our review").find("a", string="Rust and Bone")["href"] == "/reviews/rust-and-bone/"
        assert "A melodrama" in text(section(page, "The critics say"))

    def test_film_with_two_reviews_lists_both(self, client):
        film = FilmFactory(title="Beau Travail")
        ReviewFactory(film=film, headline="First thoughts")
        ReviewFactory(film=film, headline="Second thoughts")

        reviews = section(soup(client.get(film.get_absolute_url())), "Our reviews")

        assert {text(item) for item in reviews.select("h3")} == {"First thoughts", "Second thoughts"}

    def test_author_who_left_keeps_the_page(self, client):
        author = AuthorFactory(name="Ida Intertitle", has_left=True)
        ReviewFactory(film=FilmFactory(title="Sunrise"), authors=[author])

        page = soup(client.get("/authors/ida-intertitle/"))

        assert "No longer writes here" in text(page)
        assert "Sunrise" in text(section(page, "Reviews by"))

    def test_simple_page_stands_at_its_own_address_and_in_the_footer(self, client):
        Publication(name="Second Reel").save()
        Page.objects.create(title="About us", body="<p>We watch.</p>")
        Page.objects.create(title="Hidden", body="<p>No.</p>", is_public=False)

        page = soup(client.get("/about-us/"))

        assert "We watch." in text(page.main)
        assert [text(link) for link in page.footer.select("a")] == ["Newsletter", "Feed", "About us"]
        assert client.get("/hidden/").status_code == 404

    def test_simple_page_keeps_its_address_until_another_is_given_and_then_is_found_by_both(self, client):
        page = Page.objects.create(title="About us")
        page.title = "Who we are"
        page.save()
        assert page.slug == "about-us"

        page.slug = "who-we-are"
        page.save()

        response = client.get("/about-us/")
        assert (response.status_code, response["Location"]) == (301, "/who-we-are/")
        Page.objects.update(is_public=False)
        assert client.get("/about-us/").status_code == 404

    def test_tag_is_found_by_its_former_address_once_it_was_renamed(self, client, admin_client):
        tag = ReviewFactory(tag_names=["new wave"]).tags.get()
        DraftFactory(tag_names=["secret"])

        admin_client.post(f"/admin/taggit/tag/{tag.pk}/change/", {"name": "New Wave", "slug": "nouvelle-vague"})

        moved = {
            "/tags/new-wave/": "/tags/nouvelle-vague/",
            "/feeds/tags/new-wave.rss": "/feeds/tags/nouvelle-vague.rss",
        }
        assert {old: client.get(old)["Location"] for old in moved} == moved
        assert [client.get(new).status_code for new in moved.values()] == [200, 200]
        Tag(pk=Tag.objects.get(name="secret").pk, name="secret", slug="hush").save()
        assert client.get("/tags/secret/").status_code == 404

    @pytest.mark.parametrize(
        ("name", "slug"), [("море", "море"), ("小津", "小津"), ("Ґ", "ґ"), ("❤", "heavy-black-heart")]
    )
    def test_tag_in_any_letters_has_a_page(self, client, name, slug):
        review = ReviewFactory(tag_names=[name])

        link = soup(client.get(review.get_absolute_url())).find("a", string=name)

        assert unquote(link["href"]) == f"/tags/{slug}/"
        assert client.get(link["href"]).status_code == 200

    def test_unknown_page_is_a_404_with_ways_on(self, client):
        ReviewFactory(film=FilmFactory(title="Way On"))

        response = client.get("/no/such/page/")

        assert response.status_code == 404
        page = BeautifulSoup(response.content, "html5lib")
        assert page.find("a", string="Way On")["href"] == "/reviews/way-on/"
        assert page.find("a", string="All films")["href"] == "/films/"

    @pytest.mark.parametrize("path", ["/reviews/", "/films/", "/people/"])
    @pytest.mark.parametrize("number", ["2", "0", "-1", "x", "9" * 50, "١", "1e3", "%00", "' OR 1=1"])
    def test_page_number_that_makes_no_sense_is_a_404(self, client, path, number):
        ReviewFactory()

        assert client.get(f"{path}?page={number}").status_code == 404

    @pytest.mark.parametrize("slug", ["%00", "%ff%fe", "a" * 300, "<script>", "../../etc/passwd", "%ed%a0%80", "🎬"])
    @pytest.mark.parametrize("folder", ["reviews", "films", "people", "authors", "tags"])
    def test_address_that_makes_no_sense_is_a_404(self, client, folder, slug):
        response = client.get(f"/{folder}/{slug}/")

        assert response.status_code == 404
        assert b"<script>" not in response.content

    def test_title_in_another_script_has_a_page(self, client):
        film = FilmFactory(title="千と千尋の神隠し", year=2001)

        assert client.get("/films/千と千尋の神隠し-2001/").status_code == 200
        assert "%E5%8D%83" in film.get_absolute_url()


def test_page_of_cards_says_at_its_foot_whose_pictures_it_shows(client):
    director = PersonFactory(name="Claire Denis")
    review = ReviewFactory(film=StillFactory(credit="Ada Lens, by permission", film__directors=[director]).film)
    other = ReviewFactory(film=FilmFactory(title="Other", directors=[director]))

    for address in ("/", "/reviews/", "/films/", director.get_absolute_url(), other.get_absolute_url()):
        assert "Ada Lens, by permission" in text(soup(client.get(address)).select_one(".picture-credits")), address
    assert review.film.stills.count() == 1


def test_picture_without_credit_is_not_shown(client):
    film = StillFactory(credit="").film

    assert soup(client.get(film.get_absolute_url())).select("main img") == []


def many(count):
    """`count` of everything a page can list, all hanging together."""
    director = PersonFactory(name="Dora Director")
    author = AuthorFactory(name="Abel Author")
    ReviewFactory(film=FilmFactory(title="First of all", directors=[director]))
    film = None
    for number in range(count):
        film = FilmFactory(title=f"Film {number}", directors=[director], countries=["FR", "BE"])
        CreditFactory(film=film, person=director, role=Role.WRITER)
        for place in range(3):
            CreditFactory(film=film, role=Role.ACTOR, position=place)
        StillFactory(film=film)
        CriticQuoteFactory(film=film)
        ReviewFactory(film=film, authors=[author], tag_names=["sea", f"tag {number}"])
        CapsuleFactory(film=FilmFactory(directors=[director]))
        Page.objects.create(title=f"Page {number}")
    ReviewFactory(film=film, headline="Another opinion", authors=[author, AuthorFactory()])


PAGES = {
    "/": 8,
    "/reviews/": 9,
    "/reviews/film-0/": 11,
    "/films/": 9,
    "/films/film-0-1999/": 10,
    "/people/": 7,
    "/people/dora-director/": 7,
    "/authors/": 3,
    "/authors/abel-author/": 10,
    "/tags/sea/": 10,
    "/page-0/": 3,
    "/no-such-page/": 5,
}


@pytest.mark.parametrize("count", [1, 3, 20])
@pytest.mark.parametrize(("path", "queries"), PAGES.items(), ids=PAGES)
def test_page_takes_the_same_few_queries_however_much_there_is(client, path, queries, count, django_assert_num_queries):
    Publication().save()
    many(count)
    ContentType.objects.get_for_model(Review)  # kept by Django for the life of the process

    with django_assert_num_queries(queries):
        client.get(path)
