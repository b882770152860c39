import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from config.alphabet import LetterField, SortKeyField
from config.images import Picture
from config.richtext import SHORT, RichTextField
from config.slugs import Addressed, FormerSlug

IMDB_PERSON = RegexValidator(
    r"^nm\d{7,10}$",
    "An IMDb person begins with nm and seven or more digits, for example nm0000041.",
)
WIKIDATA_ITEM = RegexValidator(r"^Q[1-9]\d*$", "A Wikidata item is a Q and a number, for example Q25191.")
_SUFFIXES = {"jr.", "jr", "sr.", "sr", "ii", "iii", "iv"}


def sort_name_from(name: str) -> str:
    """A first guess at the name an index files a person under: "Claire Denis" → "Denis, Claire".

    A lower-case particle goes with the given name ("Trier, Lars von"), "al-" is kept off the front
    ("Mansour, Haifaa al-"), a suffix stays behind ("Downey, Robert, Sr."). Names of one word, and names
    in scripts without spaces or capitals, stay as they are. Editors correct the rest by hand."""
    words = name.split()
    if len(words) < 2 or "LATIN" not in unicodedata.name(words[-1][:1], ""):
        return name
    suffix = f", {words.pop()}" if words[-1].lower() in _SUFFIXES and len(words) > 2 else ""
    given, family = words[:-1], words[-1]
    if family.startswith("al-"):
        given, family = [*given, "al-"], family.removeprefix("al-")
    while len(given) > 1 and given[-1] in {"St.", "San", "Saint"}:
        family = f"{given.pop()} {family}"
    return f"{family}, {' '.join(given)}{suffix}"


class PersonQuerySet(models.QuerySet):
    def by_name(self):
        """In the order of an index: by letter, then by sort name, accents or not."""
        return self.order_by("letter", "sort_key", "pk")


class Person(Addressed):
    """Somebody credited on films. Two people of one name are two records, told apart by their years."""

    name = models.CharField(
        max_length=200,
        help_text="As the credits usually have it, for example “Wong Kar-wai”.",
    )
    sort_name = models.CharField(
        max_length=200,
        blank=True,
        help_text="As an index files it, for example “Denis, Claire”. Left empty, it is guessed.",
    )
    sort_key = SortKeyField(of="sort_name", max_length=200)
    letter = LetterField(of="sort_name")
    birth_year = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1800), MaxValueValidator(2100)],
        help_text="Four digits; leave empty if unknown. It tells people of one name apart.",
    )
    death_year = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1800), MaxValueValidator(2100)],
        help_text="Leave empty if living or unknown.",
    )
    bio = RichTextField(
        "short biography",
        extensions=SHORT,
        blank=True,
        help_text="Two or three sentences of fact, no opinion.",
    )
    imdb_id = models.CharField(
        "IMDb",
        max_length=12,
        null=True,
        blank=True,
        unique=True,
        validators=[IMDB_PERSON],
        help_text="For example nm0000041.",
    )
    wikidata_id = models.CharField(
        "Wikidata",
        max_length=12,
        null=True,
        blank=True,
        unique=True,
        validators=[WIKIDATA_ITEM],
        help_text="For example Q25191.",
    )
    tmdb_id = models.PositiveIntegerField("TMDb", null=True, blank=True, unique=True)
    changed_at = models.DateTimeField(auto_now=True, editable=False)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "people"
        ordering = ["sort_name", "pk"]
        indexes = [
            models.Index(fields=["name"]),
            models.Index(fields=["sort_name", "id"]),
            models.Index(fields=["letter", "sort_key", "id"], name="people_person_alphabet"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(birth_year__isnull=True) | Q(death_year__isnull=True) | Q(death_year__gte=F("birth_year")),
                name="people_person_dies_after_birth",
                violation_error_message="The year of death lies before the year of birth.",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="people_person_has_name"),
            models.CheckConstraint(condition=~Q(slug=""), name="people_person_has_slug"),
        ]

    def __str__(self):
        return f"{self.name} ({self.years})" if self.years else self.name

    def get_absolute_url(self):
        return reverse("people:detail", args=[self.slug])

    def slug_source(self):
        return self.name

    def save(self, *args, **kwargs):
        if not self.sort_name or self._sort_name_was_guessed():
            self.sort_name = sort_name_from(self.name)
        if kwargs.get("update_fields") is not None and "name" in kwargs["update_fields"]:
            kwargs["update_fields"] = {*kwargs["update_fields"], "sort_name"}
        if "sort_name" in (kwargs.get("update_fields") or ()):
            kwargs["update_fields"] = {*kwargs["update_fields"], "sort_key", "letter"}
        for field in (
            "imdb_id",
            "wikidata_id",
        ):  # unique when present: empty is NULL, not ""
            setattr(self, field, getattr(self, field) or None)
        super().save(*args, **kwargs)

    def _sort_name_was_guessed(self) -> bool:
        """Whether the sort name is the guess from the stored name, and so follows a corrected name."""
        stored = None if self._state.adding else Person.objects.filter(pk=self.pk).values("name", "sort_name").first()
        return stored is not None and self.sort_name == stored["sort_name"] == sort_name_from(stored["name"])

    @property
    def years(self) -> str:
        """Years of life as far as known: "1898–1970", "born 1962", "died 1931" or nothing."""
        if self.birth_year and self.death_year:
            return f"{self.birth_year}–{self.death_year}"
        if self.birth_year:
            return f"born {self.birth_year}"
        return f"died {self.death_year}" if self.death_year else ""


class FormerPersonSlug(FormerSlug):
    target = models.ForeignKey(Person, models.CASCADE, related_name="former_slugs")


Person.former_slug_model = FormerPersonSlug


class PersonName(models.Model):
    """Another name of a person: in another script, a former name, a spelling found in credits."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="other_names")
    name = models.CharField(max_length=200)
    language = models.CharField(
        max_length=12,
        blank=True,
        validators=[
            RegexValidator(
                r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$",
                "A language code, for example ja or zh-Hant.",
            )
        ],
        help_text="Code of the language it is written in, for example ja; empty for a mere spelling.",
    )

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="people_personname_once")]

    def __str__(self):
        return self.name


class Portrait(Picture):
    """The picture of a person."""

    person = models.OneToOneField(Person, models.CASCADE, related_name="portrait")
    folder = "portraits"

    def __str__(self):
        return f"Portrait of {self.person.name}"

    def clean(self):
        super().clean()
        if self.image and not self.credit:
            raise ValidationError({"credit": "Say who made the portrait and by what right it is shown."})
