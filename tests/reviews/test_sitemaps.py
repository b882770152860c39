"""Sitemaps and robots.txt as crawlers read them."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from films.models import Film
from people.models import Person
from reviews import sitemaps
from reviews.models import Page, Publication, Review
from tests.factories import AuthorFactory, FilmFactory, PersonFactory, ReviewFactory, StillFactory, picture_file

pytestmark = pytest.mark.django_db

NS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
IMAGE = "{http://www.google.com/schemas/sitemap-image/1.1}"


def read(client, path):
    """{path: (lastmod, picture)} of a sitemap."""
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
    return {
        url.findtext(f"{NS}loc").removeprefix("http://testserver"): (
            url.findtext(f"{NS}lastmod"),
            url.findtext(f"{IMAGE}image/{IMAGE}loc"),
        )
        for url in ElementTree.fromstring(response.content)
    }


def everything(client):
    """{path: (lastmod, picture)} of all sitemaps the index names. Each is named once."""
    index = client.get("/sitemap.xml").content.decode()
    files = read(client, "/sitemap.xml")
    assert index.count("<loc>") == len(files)
    return {path: entry for file in files for path, entry in read(client, file).items()}


def test_every_public_page_is_in_it_once(client):
    author = AuthorFactory(name="Otto Splice")
    film = FilmFactory(title="Sunrise", year=1927, directors=[PersonFactory(name="F. W. Murnau")])
    moment = datetime(2026, 3, 1, 9, tzinfo=UTC)
    ReviewFactory(film=film, authors=[author], tag_names=["lakes", "boats"], published_at=moment)
    Page.objects.create(title="About", body="<p>We watch.</p>")
    Page.objects.create(title="Hidden", is_public=False)

    listed = everything(client)

    assert set(listed) == {
        "/", "/reviews/", "/films/", "/people/", "/authors/", "/ratings/", "/reviews/sunrise/", "/films/sunrise-1927/",
        "/people/f-w-murnau/", "/authors/otto-splice/", "/tags/lakes/", "/tags/boats/", "/about/",
        "/archive/", "/archive/2026/", "/archive/2026/03/", "/subscribe/",
    }  # fmt: skip
    for path in listed:
        assert client.get(path).status_code == 200


def test_dates_are_those_of_the_last_change(client):
    published, updated = datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 4, 2, 9, tzinfo=UTC)
    film = FilmFactory(title="Sunrise")
    ReviewFactory(film=film, published_at=published, updated_at=updated, authors=[AuthorFactory(name="Otto")])
    Film.objects.update(changed_at=datetime(2026, 1, 1, tzinfo=UTC))

    index, listed = read(client, "/sitemap.xml"), everything(client)

    assert listed["/reviews/sunrise/"][0] == "2026-04-02T09:00:00+00:00"
    assert listed["/films/sunrise-1999/"][0] == "2026-03-01T09:00:00+00:00"
    assert listed["/authors/otto/"][0] == "2026-03-01T09:00:00+00:00"
    assert {date for path, (date, _) in index.items() if "review" in path} == {"2026-04-02T09:00:00+00:00"}
    assert {date for path, (date, _) in index.items() if "films" in path} == {"2026-03-01T09:00:00+00:00"}


def test_lists_archives_and_tags_are_dated_by_what_they_show(client):
    march, april, may = (datetime(2026, month, 2, 9, tzinfo=UTC) for month in (3, 4, 5))
    ReviewFactory(published_at=march, tag_names=["sea"])
    ReviewFactory(published_at=april, tag_names=["sea", "snow"])
    ReviewFactory(published_at=timezone.now() + timedelta(days=9), tag_names=["sea", "snow"])
    Film.objects.update(changed_at=may)
    Person.objects.update(changed_at=may)

    listed = {path: date and date[:7] for path, (date, _) in everything(client).items()}

    assert listed["/"] == listed["/reviews/"] == listed["/authors/"] == listed["/archive/"] == "2026-04"
    assert listed["/films/"] == "2026-05"
    assert (listed["/archive/2026/"], listed["/archive/2026/03/"]) == ("2026-04", "2026-03")
    assert (listed["/tags/sea/"], listed["/tags/snow/"]) == ("2026-04", "2026-04")
    assert read(client, "/sitemap.xml")["/sitemaps/lists.xml"][0][:7] == "2026-05"
    assert read(client, "/sitemap.xml")[tag_file(client)][0][:7] == "2026-04"


def tag_file(client):
    return next(path for path in read(client, "/sitemap.xml") if "/tags-" in path)


def test_film_page_names_all_its_stills_but_those_that_lead_a_review(client):
    film = FilmFactory(title="Sunrise", year=1927)
    stills = [StillFactory(film=film, image=picture_file(colour=(shade, 0, 0))) for shade in range(4)]
    ReviewFactory(film=film, headline="By the first")
    ReviewFactory(film=film, headline="By the third", lead_image=stills[2])
    path = next(path for path in read(client, "/sitemap.xml") if "/films-" in path)

    (url,) = ElementTree.fromstring(client.get(path).content)

    named = [loc.text for loc in url.iter(f"{IMAGE}loc")]
    assert named == [f"http://testserver{still.image.url}" for still in (stills[1], stills[3])]


def test_date_of_updating_still_to_come_is_not_told(client):
    ReviewFactory(published_at=datetime(2026, 3, 1, tzinfo=UTC), updated_at=timezone.now() + timedelta(days=3))

    index = read(client, "/sitemap.xml")

    assert {date for path, (date, _) in index.items() if "review" in path} == {"2026-03-01T00:00:00+00:00"}


def test_each_picture_stands_with_one_page(client):
    film, other = FilmFactory(title="Reviewed"), FilmFactory(title="Unreviewed")
    still, second = StillFactory(film=film), StillFactory(film=other)
    ReviewFactory(film=film, headline="First")
    ReviewFactory(film=film, headline="Again")

    listed = everything(client)

    assert listed["/reviews/first/"][1] == f"http://testserver{still.image.url}"
    assert listed["/reviews/again/"][1] is None
    assert listed["/films/reviewed-1999/"][1] is None
    assert listed["/films/unreviewed-1999/"][1] == f"http://testserver{second.image.url}"


def test_files_are_split_by_primary_key(client, monkeypatch):
    monkeypatch.setattr(sitemaps, "FILE_LENGTH", 2)
    for number in range(5):
        FilmFactory(title=f"Film {number}")

    files = [path for path in read(client, "/sitemap.xml") if "/films-" in path]

    assert len(files) in (3, 4)
    assert all(len(read(client, file)) <= 2 for file in files)
    assert len([path for path in everything(client) if path.startswith("/films/film-")]) == 5


@pytest.mark.parametrize("count", [1, 3, 20])
def test_files_take_the_same_few_queries_however_long(client, count, django_assert_num_queries):
    Publication().save()
    for number in range(count):
        film = FilmFactory(directors=[PersonFactory()])
        still = StillFactory(film=film)
        ReviewFactory(film=film, lead_image=still, tag_names=[f"tag {number}"])
        StillFactory(film=FilmFactory())
    default_storage.delete(still.image.name)  # no file is opened to name it
    files = list(read(client, "/sitemap.xml"))
    Review.objects.update(verdict="Changed.")

    with django_assert_num_queries(1 + len(sitemaps.KINDS)):
        client.get("/sitemap.xml")
    for file in files:
        with django_assert_num_queries(11 if "lists" in file else 3 if "films" in file else 2):
            client.get(file)


@pytest.mark.parametrize(
    "path",
    ["/sitemaps/films-9.xml", "/sitemaps/nothing-0.xml", f"/sitemaps/films-{'9' * 40}.xml", "/sitemaps/films--1.xml"],
)
def test_file_of_nothing_is_a_404(client, path):
    FilmFactory()

    assert client.get(path).status_code == 404


def test_robots_may_read_all_but_the_desk(client):
    response = client.get("/robots.txt")

    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().splitlines() == [
        "User-agent: *",
        "Disallow: /admin/",
        "",
        "Sitemap: http://testserver/sitemap.xml",
    ]
