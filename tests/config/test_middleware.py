import gzip

import pytest
from django.conf import settings
from django.http import FileResponse, HttpResponse
from django.middleware.csp import get_nonce
from django.test import RequestFactory

from config.middleware import ContentPolicyMiddleware, SteadyGZipMiddleware

TEXT = "<p>The same page, the same bytes.</p>" * 50


def through(middleware, path, response, **headers):
    return middleware(lambda request: response)(RequestFactory().get(path, headers=headers))


def compressed(path, content=TEXT, **options):
    return through(SteadyGZipMiddleware, path, HttpResponse(content, **options), accept_encoding="gzip")


def test_page_compresses_to_the_same_bytes_every_time():
    pages = {compressed("/reviews/").content for _ in range(20)}

    assert len(pages) == 1
    assert gzip.decompress(pages.pop()).decode() == TEXT


def test_admin_page_keeps_its_random_padding():
    assert len({len(compressed("/admin/").content) for _ in range(20)}) > 1


def test_picture_is_not_compressed_twice():
    response = compressed("/media/a.webp", content=b"0" * 5000, content_type="image/webp")

    assert not response.has_header("Content-Encoding")
    assert len(response.content) == 5000


@pytest.mark.django_db  # closing a response looks after connections
def test_streamed_picture_keeps_its_length(tmp_path):
    (tmp_path / "a.avif").write_bytes(b"0" * 5000)
    picture = FileResponse((tmp_path / "a.avif").open("rb"), content_type="image/avif")

    response = through(SteadyGZipMiddleware, "/media/a.avif", picture, accept_encoding="gzip")

    assert response["Content-Length"] == "5000"
    response.close()


def with_nonce(path):
    """A response whose page asked for a nonce."""

    def page(request):
        str(get_nonce(request))
        return HttpResponse()

    return ContentPolicyMiddleware(page)(RequestFactory().get(path))["Content-Security-Policy"]


def test_only_the_admin_may_use_nonces():
    assert "nonce-" in with_nonce("/admin/reviews/")
    assert "nonce-" not in with_nonce("/reviews/")


def test_pages_for_readers_are_under_the_strict_policy():
    policy = through(ContentPolicyMiddleware, "/", HttpResponse())["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_page_with_a_policy_of_its_own_keeps_it(rf):
    response = HttpResponse()
    response._csp_config = {"default-src": ["'none'"]}

    answered = through(ContentPolicyMiddleware, "/admin/", response)

    assert answered["Content-Security-Policy"] == "default-src 'none'"


@pytest.mark.parametrize(("path", "scope"), [("/", "same-origin"), (f"{settings.MEDIA_URL}a.jpg", "cross-origin")])
def test_only_pictures_may_be_shown_elsewhere(path, scope):
    assert through(ContentPolicyMiddleware, path, HttpResponse())["Cross-Origin-Resource-Policy"] == scope
