"""Uploaded pictures in an S3-compatible bucket. A module of its own: importing boto3 takes half a second."""

from urllib.parse import urlsplit

from django.conf import settings
from storages.backends.s3 import S3Storage


class PublicS3Storage(S3Storage):
    """A bucket that the public reads from S3_PUBLIC_URL, without signed addresses that expire in caches.

    Names hold a hash of the content (config/images.py): a name written again is the same picture, so it
    may be overwritten, and browsers may keep it for ever.
    """

    def get_default_settings(self):
        public = urlsplit(settings.S3_PUBLIC_URL)
        return super().get_default_settings() | {
            "querystring_auth": False,
            "file_overwrite": True,
            "object_parameters": {"CacheControl": "public, max-age=31536000, immutable"},
            "custom_domain": public.netloc + public.path or None,
            "url_protocol": f"{public.scheme or 'https'}:",
        }
