"""Static files as production serves them, and media on a real S3 interface."""

import json
import re
import urllib.request
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from tests import servers

ROOT = Path(__file__).resolve().parent.parent.parent
STATIC_TAG = re.compile(r"""{%\s*static\s+["']([^"']+)["']""")


@pytest.mark.once
def test_collected_files_are_hashed_and_compressed_and_every_name_in_a_template_exists(site):
    done = site.run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    assert done.returncode == 0, done.stderr

    collected = site.folder / "static"
    names = json.loads((collected / "staticfiles.json").read_text())["paths"]
    used = {name for page in ROOT.glob("**/templates/**/*.html") for name in STATIC_TAG.findall(page.read_text())}
    assert used - set(names) == set()
    assert re.fullmatch(r"admin/css/base\.[0-9a-f]{12}\.css", names["admin/css/base.css"])
    for ending in ("", ".gz", ".br"):
        assert (collected / (names["admin/css/base.css"] + ending)).is_file()
    assert not (collected / "admin/css/base.css").exists()


@pytest.fixture(scope="module")
def s3_address():
    with servers.s3() as address:
        yield address


@pytest.fixture
def bucket(settings, s3_address):
    """The media storage of MEDIA_STORAGE=s3, with an empty bucket."""
    from config.s3 import PublicS3Storage

    settings.S3_PUBLIC_URL = f"{s3_address}/media"
    keys = {"access_key": "someone", "secret_key": "something"}
    storage = PublicS3Storage(bucket_name="media", endpoint_url=s3_address, region_name="us-east-1", **keys)
    storage.connection.create_bucket(Bucket="media", ACL="public-read")
    return storage


@pytest.mark.once
def test_picture_in_a_bucket_is_public_and_kept_for_ever(bucket):
    name = bucket.save("stills/ab12.webp", ContentFile(b"picture"))

    assert bucket.url(name) == f"{bucket.endpoint_url}/media/stills/ab12.webp"
    with urllib.request.urlopen(bucket.url(name)) as response:
        assert response.read() == b"picture"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["Content-Type"] == "image/webp"


@pytest.mark.once
def test_same_content_written_again_keeps_its_name(bucket):
    first = bucket.save("stills/ab12.webp", ContentFile(b"picture"))
    second = bucket.save("stills/ab12.webp", ContentFile(b"picture"))

    assert first == second == "stills/ab12.webp"
    assert bucket.open(first).read() == b"picture"
    assert not bucket.exists("stills/cd34.webp")


@pytest.mark.once
def test_bucket_behind_another_address_is_read_from_there(settings, bucket):
    settings.S3_PUBLIC_URL = "https://media.reviews.example"
    behind = type(bucket)(bucket_name="media", endpoint_url=bucket.endpoint_url)

    assert behind.url("stills/ab 12.webp") == "https://media.reviews.example/stills/ab%2012.webp"
