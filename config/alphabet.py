"""The A to Z of an index: what a record is filed under, and which letter that belongs to."""

from string import ascii_lowercase

from django.db import models

from config.slugs import slug_from

LETTERS = ("0-9", *ascii_lowercase, "other")
"""The letters of an index in their order, as addresses name them. A record keeps the place of its letter here."""
PRINTED = {letter: letter.upper() for letter in LETTERS} | {"0-9": "0–9", "other": "Other scripts"}


def sort_key_from(text: str) -> str:
    """What an index sorts a text by: its words in small letters, without accents and signs."""
    return slug_from(text).replace("-", " ")


def letter_of(key: str) -> int:
    """The place in LETTERS of a sort key's letter: digits share one, and so do all scripts but the Latin."""
    first = key[:1]
    if first.isdigit():
        return 0
    return LETTERS.index(first) if first in ascii_lowercase and first else len(LETTERS) - 1


class SortedField(models.CharField):
    """Text that every database puts in the same order, that of its characters' codes, as SQLite and Python do.
    PostgreSQL would follow the language it was set up for, which may pass over the spaces between words."""

    def db_parameters(self, connection):
        return super().db_parameters(connection) | ({"collation": "C"} if connection.vendor == "postgresql" else {})


class _Derived(models.Field):
    """A column that is made from another field whenever the row is written, in bulk too."""

    def __init__(self, *args, of: str, **kwargs):
        self.of = of
        super().__init__(*args, **{"editable": False} | kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"of": self.of}

    def made_from(self, text: str):
        raise NotImplementedError

    def pre_save(self, instance, add):
        value = self.made_from(getattr(instance, self.of))
        setattr(instance, self.attname, value)
        return value


class SortKeyField(_Derived, SortedField):
    """The sort key of another field."""

    def made_from(self, text: str) -> str:
        return sort_key_from(text)[: self.max_length]


class LetterField(_Derived, models.PositiveSmallIntegerField):
    """The place in LETTERS of the letter that another field is filed under."""

    def made_from(self, text: str) -> int:
        return letter_of(sort_key_from(text))
