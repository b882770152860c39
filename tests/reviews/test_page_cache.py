"""Pages are kept only for as long as nothing that readers can see has changed."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from films.models import Film, Still
from people.models import Person
from reviews.archive.contents import films_now, reviews_now
from reviews.archive.people import people_now
from reviews.changes import ARCHIVED, state_of_content, watch, watched_tables
from reviews.models import ContentVersion, Publication, Review, SocialCard
from reviews.page_cache import may_be_kept
from tests.factories import AuthorFactory, DraftFactory, FilmFactory, PersonFactory, ReviewFactory, StillFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def review():
    Publication(name="Second Reel").save()
    return ReviewFactory(film=FilmFactory(title="Sunrise", directors=[PersonFactory(name="F. W. Murnau")]))


def test_second_reader_gets_the_page_for_one_query(client, review, django_assert_num_queries):
    first = client.get("/reviews/sunrise/")

    with django_assert_num_queries(1):
        second = client.get("/reviews/sunrise/")

    assert second.content == first.content
    assert second.headers == first.headers


def test_reader_who_has_the_page_is_told_so_without_making_it(client, review, django_assert_num_queries):
    tag = client.get("/reviews/sunrise/").headers["ETag"]

    with django_assert_num_queries(1):
        response = client.get("/reviews/sunrise/", headers={"If-None-Match": tag})

    assert response.status_code == 304
    assert response.headers["Cache-Control"] == "public, max-age=0, s-maxage=60"


@pytest.mark.parametrize("path", ["/reviews/", "/reviews/?order=title", "/search/?q=sun", "/feeds/reviews.rss?a=b"])
def test_not_modified_names_what_the_page_varies_by(client, review, path):
    page = client.get(path)

    response = client.get(path, headers={"If-None-Match": page.headers["ETag"]})

    assert response.status_code == 304
    assert response.headers["Vary"] == page.headers["Vary"] == "Accept-Encoding"


def test_missing_page_may_be_kept_by_caches_for_a_minute(client, admin_client, review):
    assert client.get("/nowhere/").headers["Cache-Control"] == "public, max-age=0, s-maxage=60"
    assert "public" not in admin_client.get("/admin/nowhere/").headers.get("Cache-Control", "")


CHANGES = {
    "saved": lambda review: Review.objects.get().save(),
    "updated in bulk": lambda review: Review.objects.update(standfirst="New."),
    "film renamed": lambda review: Film.objects.filter(title="Sunrise").update(title="Sunset"),
    "person renamed": lambda review: Person.objects.update(name="Murnau"),
    "made in bulk": lambda review: Person.objects.bulk_create([Person(name="New", sort_name="New", slug="new")]),
    "tagged": lambda review: review.tags.add("silent film"),
    "untagged": lambda review: review.tags.clear(),
    "genre given": lambda review: review.film.genres.create(name="Drama"),
    "signed by another": lambda review: review.bylines.create(author=AuthorFactory()),
    "withdrawn": lambda review: review.withdraw(),
    "deleted": lambda review: review.delete(),
    "publication renamed": lambda review: Publication.objects.update(name="Third Reel"),
    "picture's sizes made": lambda review: Still.objects.update(widths=[480]),
    "changed by hand": lambda review: connection.cursor().execute("UPDATE films_film SET year = 1928"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_of_content_changes_its_state(review, change):
    review.tags.add("lakes")
    StillFactory(film=review.film)
    before = state_of_content()

    change(review)

    assert state_of_content() != before


def test_change_shows_at_once(client, review):
    client.get("/reviews/sunrise/")

    Review.objects.update(standfirst="Rewritten.")

    assert b"Rewritten." in client.get("/reviews/sunrise/").content


def test_withdrawn_review_is_gone_at_once(client, review):
    client.get("/reviews/sunrise/")

    review.withdraw()

    assert client.get("/reviews/sunrise/").status_code == 404


def test_scheduled_review_appears_on_kept_pages_by_the_clock_alone(client, review):
    moment = timezone.now() + timedelta(hours=1)
    ReviewFactory(film=FilmFactory(title="Nosferatu"), published_at=moment)
    assert b"Nosferatu" not in client.get("/reviews/").content

    with time_machine.travel(moment - timedelta(seconds=1)):
        assert b"Nosferatu" not in client.get("/reviews/").content
    with time_machine.travel(moment + timedelta(seconds=1)):
        assert b"Nosferatu" in client.get("/reviews/").content


def test_change_that_is_rolled_back_changes_nothing(review):

    before = state_of_content()
    with pytest.raises(RuntimeError), transaction.atomic():
        Review.objects.update(standfirst="Never.")
        raise RuntimeError

    assert state_of_content() == before


def test_every_table_of_content_is_watched(review):
    tables = watched_tables()

    assert {"films_film_genres", "reviews_reviewbyline", "taggit_taggeditem", "people_portrait"} <= set(tables)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_counts'")
        else:
            cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%\\_counts'")
        assert {row[0] for row in cursor.fetchall()} == set(tables)


def test_archives_in_memory_outlive_what_they_do_not_tell(client, review):
    client.get("/reviews/")
    before = state_of_content()

    SocialCard.objects.create(review=review, made_at=timezone.now())
    Publication.objects.update(tagline="Newly said.")

    assert state_of_content().pages != before.pages
    assert state_of_content().archive == before.archive
    Review.objects.update(rating=4)
    assert state_of_content().archive != before.archive


def test_every_table_that_archives_are_made_from_counts_for_them(rf, review):
    with CaptureQueriesContext(connection) as asked:
        for archive in (reviews_now, films_now):
            archive(rf.get("/"))
        people_now(rf.get("/")).letters("director", reviewed=True)

    read = {table for query in asked for table in watched_tables() if f'"{table}"' in query["sql"]}
    assert read == ARCHIVED


def test_triggers_of_an_older_version_give_way(review, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr("reviews.changes.ARCHIVED", set())
        watch("default")
    watch("default")
    before = state_of_content()

    review.withdraw()

    assert state_of_content().archive != before.archive


def test_watching_twice_is_no_harm(review):
    before = ContentVersion.objects.get().number

    watch("default")

    assert ContentVersion.objects.get().number == before


@pytest.fixture
def kept(monkeypatch):
    """The keys that the page cache keeps something under."""
    keys = []
    setting = cache.set
    monkeypatch.setattr("reviews.page_cache.cache.set", lambda key, *rest: (keys.append(key), setting(key, *rest)))
    return keys


def test_public_page_is_kept_once(client, review, kept):
    client.get("/reviews/sunrise/")
    client.get("/reviews/sunrise/")

    assert len(kept) == 1


NOT_KEPT = [
    "/admin/login/", "/health/ready", "/reviews/nowhere/", "/reviews/?utm_source=letter", "/reviews/?page=01",
    "/reviews/?page=1&page=1", "/reviews/?page=x&page=1",
]  # fmt: skip


@pytest.mark.parametrize("path", NOT_KEPT)
def test_what_is_not_a_public_page_at_its_one_address_is_not_kept(client, review, kept, path):
    client.get(path)

    assert kept == []


def test_editors_preview_is_not_kept(client, admin_client, review, kept):
    draft = DraftFactory(headline="Secret")

    response = admin_client.get(f"/admin/reviews/review/{draft.pk}/preview/")

    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert kept == []
    assert client.get(f"/admin/reviews/review/{draft.pk}/preview/").status_code == 302


@pytest.mark.parametrize(
    "response",
    [HttpResponse("for one reader"), HttpResponse("missing", status=404, headers={"Cache-Control": "public"})],
    ids=["not public", "not found"],
)
def test_only_answers_for_everybody_may_be_kept(response):
    assert not may_be_kept(response)


def test_each_page_of_a_list_is_kept_for_itself(client, review):
    Publication.objects.update(reviews_per_page=1)
    ReviewFactory(film=FilmFactory(title="Nosferatu"))

    first = client.get("/reviews/").content
    second = client.get("/reviews/?page=2").content

    assert (b"Nosferatu" in first, b"Sunrise" in second) == (True, True)
    assert client.get("/reviews/?page=2").content == second
    assert first != second


def test_page_asked_for_by_head_first_is_whole_with_the_same_etag(client, review):
    head = client.head("/reviews/sunrise/")

    page = client.get("/reviews/sunrise/")

    assert head.headers["ETag"] == page.headers["ETag"]
    assert b"Sunrise" in page.content


def test_host_that_is_not_ours_is_refused_for_kept_pages_too(client, review):
    client.get("/reviews/sunrise/")

    assert client.get("/reviews/sunrise/", headers={"Host": "evil.example"}).status_code == 400


def test_another_version_of_the_program_makes_its_own_pages(client, review, kept, monkeypatch):
    client.get("/reviews/sunrise/")
    monkeypatch.setattr("reviews.page_cache.build", lambda: "another")
    client.get("/reviews/sunrise/")

    assert len(set(kept)) == 2


def test_packing_is_judged_as_the_packer_does(client, review):
    client.get("/", headers={"Accept-Encoding": "gzipx"})

    assert client.get("/", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"


def test_packed_and_plain_pages_are_kept_apart(client, review):
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
