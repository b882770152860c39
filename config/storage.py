from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Static files with a hash in their name, compressed once when collected, cached for ever by browsers.

    A name missing from the manifest is an error, not a broken link: a test looks every name up.
    """
