"""Addresses: how a title becomes a slug, how a slug stays unique, and how an old one keeps working."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import batched
from operator import methodcaller

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.http import Http404, HttpResponsePermanentRedirect
from django.utils.encoding import iri_to_uri

SLUG_LENGTH = 120
_LATIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ı": "i",
        "ŋ": "ng",
    }
)
_APOSTROPHES = re.compile("['’‘ʼ`´]")
_FRACTION = re.compile("[¼-¾⅐-⅞]")
_GAPS = re.compile(r"-{2,}")


def slug_from(text: str) -> str:
    """The slug of a title or name: lower case, words joined by hyphens, never empty.

    Latin letters lose their accents ("Amélie" → "amelie"); other scripts stay as they are, with their
    vowel signs ("千と千尋の神隠し" → itself), as on Wikipedia: a readable address beats a wrong
    transliteration. A title of signs alone is spelt out by its Unicode names ("$" → "dollar-sign").
    """
    slug = _folded(text)
    while not slug.isascii() and (again := _folded(slug)) != slug:  # a few letters fold into signs that fold again
        slug = again
    if not slug:
        names = (unicodedata.name(char, "") for char in text if not char.isspace())
        slug = "-".join(name.lower().replace(" ", "-") for name in names if name and "replacement" not in name.lower())
    return _cut(slug) or "untitled"


def _folded(text: str) -> str:
    text = _FRACTION.sub(lambda match: f" {unicodedata.normalize('NFKD', match[0])} ", text)
    text = unicodedata.normalize("NFC", _APOSTROPHES.sub("", text)).casefold().translate(_LATIN)
    text = unicodedata.normalize("NFKC", "".join(_kept(char) for char in text)).casefold().translate(_LATIN)
    return _GAPS.sub("-", "".join(char if _is_word(char) else "-" for char in text)).strip("-")


def _kept(char: str) -> str:
    """The character without its accents if it is Latin; itself otherwise."""
    if char.isascii():
        return char
    if "LATIN" in unicodedata.name(char, ""):
        return "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    # A combining accent after a Latin letter (a decomposed é) goes too; vowel signs of other scripts stay.
    return "" if "\u0300" <= char <= "\u036f" else char


def _is_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def _cut(slug: str) -> str:
    """At most SLUG_LENGTH characters, cut at a hyphen where there is one."""
    if len(slug) <= SLUG_LENGTH:
        return slug
    head = slug[: SLUG_LENGTH + 1].rpartition("-")[0]
    return head or slug[:SLUG_LENGTH]


def validate_slug(value: str) -> None:
    """Refuse what could not stand in an address as it is. (One with a number behind it may be longer than slug_from's.)"""
    if value != _folded(value):
        raise ValidationError(f"Use small letters, digits and hyphens only, for example “{slug_from(value)}”.")


class SlugField(models.CharField):
    """A slug in any script, unique in its table."""

    default_validators = (validate_slug,)

    def __init__(self, *args, **kwargs):
        kwargs = {
            "max_length": SLUG_LENGTH + 20,
            "unique": True,
            "blank": True,
        } | kwargs
        super().__init__(*args, **kwargs)


class FormerSlug(models.Model):
    """An address that something had before. Subclasses add `target`, a foreign key to that something."""

    slug = models.CharField(max_length=SLUG_LENGTH + 20, unique=True)

    class Meta:
        abstract = True

    def __str__(self):
        return self.slug


class Addressed(models.Model):
    """A record with a public address made from its own words.

    Subclasses say `slug_source()` (the words), name the model of their former slugs in `former_slug_model`,
    and may override `slug_follows_source()` to keep an address still once it is public.
    """

    slug = SlugField(
        "address",
        help_text="The last part of the page’s address. Left empty, it is made from the title.",
    )
    former_slug_model: type[FormerSlug]

    class Meta:
        abstract = True

    def slug_source(self) -> str:
        """The words the address is made from, as they stand now."""
        raise NotImplementedError

    def slug_follows_source(self) -> bool:
        """Whether a change of the words should change an address that was made from them."""
        return True

    def address_is_known(self) -> bool:
        """Whether readers may have the present address, so that it has to lead here for good."""
        return True

    def save(self, *args, **kwargs):
        """Save, with an address that nobody else has or had; the one left behind becomes a redirect."""
        stored = None if self._state.adding else type(self)._base_manager.filter(pk=self.pk).first()
        if stored and self.slug == stored.slug and self.slug_follows_source():
            source = self.slug_source()
            if source != stored.slug_source() and is_made_from(stored.slug, stored.slug_source()):
                self.slug = ""
        make = not self.slug
        for attempt in range(5):
            if make:
                self.slug = self.free_slug(self.slug_source())
            moved = stored is not None and stored.slug != self.slug
            if moved and kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "slug"}
            try:
                with transaction.atomic():
                    super().save(*args, **kwargs)
                    if moved and stored.address_is_known():
                        self._remember(stored.slug)
                return
            except IntegrityError as error:  # somebody took the slug between our look and our write
                if not make or attempt == 4 or "slug" not in str(error):
                    raise

    def _remember(self, stored: str) -> None:
        self.former_slug_model.objects.filter(slug=self.slug).delete()
        self.former_slug_model.objects.update_or_create(slug=stored, defaults={"target": self})

    def free_slug(self, source: str) -> str:
        """A slug made from the words that no other record has or had."""
        return free_slug(type(self), source, but=self.pk)

    def validate_constraints(self, exclude=None):
        """An address left empty is no fault: save() makes one."""
        super().validate_constraints(exclude if self.slug else {*(exclude or ()), "slug"})

    def clean(self):
        super().clean()
        if self.slug and self.former_slug_model.objects.filter(slug=self.slug).exclude(target_id=self.pk).exists():
            raise ValidationError(
                {"slug": "This address used to lead to another page and still redirects there. Choose another."}
            )


def free_slug(model: type[models.Model], source: str, *, but: int | None = None) -> str:
    """A slug for a record with these words that no other of its kind has or had: "m-1931", else "m-1931-2"…"""
    base = slug_from(source)
    return next_free(base, _taken(model, Q(slug=base) | Q(slug__startswith=f"{base}-"), but=but))


def free_slugs(model: type[Addressed], sources: Iterable[str]) -> list[str]:
    """The slugs that new records with these words would get, were they saved one after another."""
    bases = [slug_from(source) for source in sources]
    taken = _taken(model, Q(slug__in=set(bases)))
    doubtful = taken | {base for base, times in Counter(bases).items() if times > 1}
    for group in batched(sorted(doubtful.intersection(bases)), 50, strict=False):
        taken |= _taken(model, Q.create([Q(slug__startswith=f"{base}-") for base in group], connector=Q.OR))
    slugs = []
    for base in bases:
        slugs.append(next_free(base, taken))
        taken.add(slugs[-1])
    return slugs


def _taken(model: type[models.Model], like: Q, *, but: int | None = None) -> set[str]:
    """The slugs of this kind that records have or had, one record left out."""
    taken = set(model._base_manager.filter(like).exclude(pk=but).values_list("slug", flat=True))
    if issubclass(model, Addressed):
        former = model.former_slug_model.objects.filter(like).exclude(target_id=but)
        taken.update(former.values_list("slug", flat=True))
    return taken


def is_made_from(slug: str, source: str) -> bool:
    """Whether the slug is the one made from these words, with or without a number behind it."""
    return re.fullmatch(re.escape(slug_from(source)) + r"(-\d+)?", slug) is not None


def next_free(base: str, taken: set[str]) -> str:
    """`base`, or `base-2`, `base-3`… whichever comes first that is not taken."""
    if base not in taken:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def get_or_redirect(
    queryset,
    slug: str,
    *,
    former_slugs: type[FormerSlug] | None = None,
    address_of: Callable[[models.Model], str] = methodcaller("get_absolute_url"),
):
    """The record at this address, or a redirect if the address is a former one; Http404 if neither.

    Returns (record, None) or (None, permanent redirect to the record's present page). A model that is not Addressed
    has to have its former slugs and its address named."""
    slug = unicodedata.normalize("NFC", slug)
    if slug.isprintable():  # NUL and half characters, which no database can be asked for, are not
        if (found := queryset.filter(slug=slug).first()) is not None:
            return found, None
        former_slugs = former_slugs or queryset.model.former_slug_model
        former = former_slugs.objects.filter(slug=slug).values_list("target_id", flat=True).first()
        if former is not None and (target := queryset.filter(pk=former).first()) is not None:
            redirect = HttpResponsePermanentRedirect(iri_to_uri(address_of(target)))
            # Browsers keep a permanent redirect without end, and two of them, there and back, as a loop.
            redirect.headers["Cache-Control"] = "public, max-age=3600"
            return None, redirect
    raise Http404(f"No {queryset.model._meta.verbose_name} at this address.")


class SlugConverter:
    """A path part in any script; what is in it is judged by the look-up."""

    regex = r"[^/.\x00]{1,200}"  # no dots: /robots.txt is no page of ours

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return str(value)
