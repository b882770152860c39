import zlib
from functools import cached_property
from itertools import groupby

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Case, F, Q, When
from django.urls import reverse

from config.alphabet import SortedField, sort_key_from
from config.languages import LANGUAGE_CODE, country_name, language_name
from config.slugs import Addressed, FormerSlug, slug_from
from config.sql import children, ready_made, rows
from films.filing import sort_title_from
from films.models.roles import Role
from people.models import WIKIDATA_ITEM

FILED_BY = {"title", "original_title", "original_language", "filed_as", "sort_title"}
"""Fields with which the place of a film in the index is written anew."""
FIRST_FILM_YEAR = 1888  # Roundhay Garden Scene
IMDB_TITLE = RegexValidator(
    r"^tt\d{7,10}$",
    "An IMDb title begins with tt and seven or more digits, for example tt0074749.",
)


class AspectRatio(models.TextChoices):
    """The shapes a film's picture can have; each is a class of the style sheet."""

    R120 = "1.20", "1.20:1"
    R133 = "1.33", "1.33:1"
    R137 = "1.37", "1.37:1"
    R166 = "1.66", "1.66:1"
    R178 = "1.78", "1.78:1"
    R185 = "1.85", "1.85:1"
    R200 = "2.00", "2.00:1"
    R220 = "2.20", "2.20:1"
    R235 = "2.35", "2.35:1"
    R239 = "2.39", "2.39:1"


class Colour(models.TextChoices):
    """How a film was shot."""

    COLOUR = "colour", "colour"
    BLACK_AND_WHITE = "bw", "black and white"
    BOTH = "both", "colour and black and white"


class FilmQuerySet(models.QuerySet):
    def by_title(self):
        """In the order of an index: by title without its article."""
        return self.order_by("sort_title", "year", "pk")

    def with_facts(self):
        """Adds the small lists a fact box needs (countries, languages, genres, certificates, where to watch)
        to the query itself, so that they cost no query of their own."""
        return self.annotate(**ready_made(Film, _fact_columns))

    def with_card(self):
        """Adds what a card of the film prints beside its own columns: directors, countries and first still."""
        return self.annotate(**ready_made(Film, _card_columns))


def _fact_columns() -> dict:
    return {
        "country_rows": rows(_listed("film_countries"), code="country"),
        "language_rows": rows(_listed("film_languages"), code="language"),
        "genre_rows": rows(children(Film, "genres").order_by("name"), name="name"),
        "certificate_rows": rows(
            children(Film, "certificates").order_by("pk"), board="board", mark="mark", reason="reason"
        ),
        "watch_rows": rows(_listed("watch_links"), name="name", url="url"),
        "title_rows": rows(children(Film, "other_titles").order_by("pk"), title="title", language="language"),
    }


def _card_columns() -> dict:
    stills = children(Film, "stills").fit_to_publish().for_cards()
    return {
        "country_rows": rows(_listed("film_countries"), code="country"),
        "director_rows": rows(_listed("credits").filter(role=Role.DIRECTOR), name=PRINTED_NAME, slug="person__slug"),
        "still_rows": rows(stills[:1], **CARD_COLUMNS),
    }


PRINTED_NAME = Case(When(credited_as="", then=F("person__name")), default=F("credited_as"))
"""The name a film's credits have for a person, as an expression over Credit."""

CARD_COLUMNS = {
    name: name for name in ("id", "image", "width", "height", "focal_x", "focal_y", "alt", "credit", "role")
}
CARD_COLUMNS |= {"is_decorative": "is_decorative", "widths": "widths"}
"""What a card needs of a still: columns of Still under their own names."""


def _listed(relation: str):
    return children(Film, relation).order_by("position", "pk")


class Film(Addressed):
    """A film as the catalogue knows it."""

    title = models.CharField(max_length=300, help_text="The title your readers know it by.")
    original_title = models.CharField(
        max_length=300,
        blank=True,
        help_text="In its own language and script, if it differs from the title.",
    )
    original_language = models.CharField(
        "language of the original title",
        max_length=12,
        blank=True,
        validators=[LANGUAGE_CODE],
        help_text="Its code, for example fr or ja: screen readers need it to pronounce the title.",
    )
    filed_as = models.CharField(
        max_length=300,
        blank=True,
        help_text="Only if the A to Z has it in the wrong place: the words to file it under, for example “Mucklas”. "
        "Left empty, it is the title without its article.",
    )
    sort_title = SortedField(max_length=300, blank=True, editable=False)
    year = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[
            MinValueValidator(FIRST_FILM_YEAR, f"No film is older than {FIRST_FILM_YEAR}."),
            MaxValueValidator(2100, "This year lies too far ahead."),
        ],
        help_text="The year of its first public showing.",
    )
    runtime = models.PositiveSmallIntegerField(
        "runtime",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(6000)],
        help_text="In minutes.",
    )
    aspect_ratio = models.CharField(
        max_length=4,
        choices=AspectRatio,
        blank=True,
        help_text="Its stills hang in this shape.",
    )
    colour = models.CharField(max_length=6, choices=Colour, blank=True)
    synopsis = models.TextField(
        blank=True,
        help_text="What happens, in 60 to 130 words: no opinion, no ending. Every review of the film shows it.",
    )
    trailer_url = models.URLField(
        "trailer",
        blank=True,
        help_text="Address of the trailer’s page. Nothing is loaded from there until a reader follows the link.",
    )
    genres = models.ManyToManyField("films.Genre", blank=True, related_name="films")
    card_tone = models.PositiveSmallIntegerField(
        "colour of the title card",
        null=True,
        blank=True,
        choices=[(n, f"Tone {n}") for n in range(1, 9)],
        help_text="A film without a still is shown as a title card. Left empty, its colour is chosen for you.",
    )
    imdb_id = models.CharField(
        "IMDb",
        max_length=12,
        null=True,
        blank=True,
        unique=True,
        validators=[IMDB_TITLE],
        help_text="For example tt0074749.",
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
    source_id = models.CharField(
        "identifier in the loaded file",
        max_length=64,
        null=True,
        blank=True,
        unique=True,
        editable=False,
    )
    changed_at = models.DateTimeField(auto_now=True, editable=False)

    objects = FilmQuerySet.as_manager()

    class Meta:
        ordering = ["sort_title", "year", "pk"]
        indexes = [
            models.Index(fields=["sort_title", "year", "id"], name="films_film_by_title"),
            models.Index(fields=["title", "year"], name="films_film_title_year"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="films_film_has_title"),
            models.CheckConstraint(condition=~Q(slug=""), name="films_film_has_slug"),
            models.CheckConstraint(
                condition=Q(year__isnull=True) | Q(year__range=(FIRST_FILM_YEAR, 2100)),
                name="films_film_year_plausible",
                violation_error_message=f"No film is older than {FIRST_FILM_YEAR}.",
            ),
            models.CheckConstraint(
                condition=Q(runtime__isnull=True) | Q(runtime__gte=1),
                name="films_film_runtime_positive",
            ),
            models.CheckConstraint(
                condition=Q(card_tone__isnull=True) | Q(card_tone__range=(1, 8)),
                name="films_film_tone_exists",
            ),
        ]

    def __str__(self):
        return f"{self.title} ({self.year})" if self.year else self.title

    def get_absolute_url(self):
        return reverse("films:detail", args=[self.slug])

    def slug_source(self):
        return f"{slug_from(self.title)}-{self.year}" if self.year else self.title

    def save(self, *args, **kwargs):
        fields = kwargs.get("update_fields")
        if fields is None or FILED_BY.intersection(fields):
            self.sort_title = self._filed_under()
            if fields is not None:
                kwargs["update_fields"] = {*fields, "sort_title"}
        for field in (
            "imdb_id",
            "wikidata_id",
            "source_id",
        ):  # unique when present: empty is NULL, not ""
            setattr(self, field, getattr(self, field) or None)
        super().save(*args, **kwargs)

    def refile(self) -> None:
        """Give it its place in the index anew, after its languages have changed."""
        self.save(update_fields=["sort_title"])

    def _filed_under(self) -> str:
        if self.filed_as:
            return sort_key_from(self.filed_as)[:300]
        is_known = self.original_language or self._state.adding
        spoken = [] if is_known else list(self.film_languages.values_list("language", flat=True))
        return sort_title_from(self.title, self.original_language, self.original_title, spoken)

    def same_title_and_year(self):
        """Other films of this title and year: probably, but not certainly, this one entered twice."""
        return Film.objects.filter(title__iexact=self.title, year=self.year).exclude(pk=self.pk)

    # --- Facts as a page prints them. Each uses the columns of with_facts() or with_card() if they are there.

    @cached_property
    def _facts(self) -> "Film":
        return self if hasattr(self, "genre_rows") else Film.objects.with_facts().only("pk").get(pk=self.pk)

    def _rows(self, name: str) -> list[dict]:
        return getattr(self if hasattr(self, name) else self._facts, name)

    @property
    def country_names(self) -> list[str]:
        return [country_name(row["code"]) for row in self._rows("country_rows")]

    @property
    def language_names(self) -> list[str]:
        return [language_name(row["code"]) for row in self._rows("language_rows")]

    @property
    def genre_names(self) -> list[str]:
        return [row["name"] for row in self._rows("genre_rows")]

    @property
    def also_known_as(self) -> list[dict]:
        """Title and language (or "") of each of its other titles."""
        return self._rows("title_rows")

    @property
    def alternate_titles(self) -> list[str]:
        """Its original title and its other titles, if it has any."""
        return [title for title in (self.original_title, *(row["title"] for row in self.also_known_as)) if title]

    @property
    def certificates_printed(self) -> list[dict]:
        return self._rows("certificate_rows")

    @property
    def where_to_watch(self) -> list[dict]:
        return self._rows("watch_rows")

    @cached_property
    def directors(self) -> list[dict]:
        """Name and slug of each director, in billing order."""
        if hasattr(self, "director_rows"):
            return self.director_rows
        return self._with_card.director_rows

    @cached_property
    def card_still(self):
        """The still that stands for the film on a card, or None."""
        found = self.still_rows if hasattr(self, "still_rows") else self._with_card.still_rows
        return self.stills.model(film_id=self.pk, **found[0]) if found else None

    def credits_by_role(self, *roles: Role) -> list[tuple[Role, list]]:
        """The credits as a page lists them: (role, credits in billing order) in the order of Role; one query.
        Only the roles named, or all."""
        credits = self.credits.in_billing_order().select_related("person")
        if roles:
            credits = credits.filter(role__in=roles)
        return [(role, list(group)) for role, group in groupby(credits, key=lambda credit: Role(credit.role))]

    @cached_property
    def _with_card(self) -> "Film":
        return Film.objects.with_card().only("pk").get(pk=self.pk)

    @property
    def title_language(self) -> str:
        """The language of the title itself where that is known and foreign, for a lang attribute."""
        own = "" if self.original_title else self.original_language
        return "" if own == settings.LANGUAGE_CODE.split("-")[0] else own

    # --- The title card of a film without a still (design language, section 6).

    @property
    def ratio_class(self) -> str:
        return f"ar-{self.aspect_ratio.replace('.', '')}" if self.aspect_ratio else "ar-185"

    @property
    def title_card_classes(self) -> str:
        """Composition by era, colour by tone, size by length of the title."""
        return f"tc tc-{self.era} tone-{self.tone} len-{length_class(self.title)}"

    @property
    def era(self) -> str:
        year = self.year or 9999
        for last, name in (
            (1929, "silent"),
            (1959, "studio"),
            (1979, "wave"),
            (1999, "tape"),
        ):
            if year <= last:
                return name
        return "digital"

    @property
    def tone(self) -> int:
        if self.card_tone:
            return self.card_tone
        return 6 if self.colour == Colour.BLACK_AND_WHITE else zlib.crc32(self.slug.encode()) % 8 + 1


class FormerFilmSlug(FormerSlug):
    target = models.ForeignKey(Film, models.CASCADE, related_name="former_slugs")


Film.former_slug_model = FormerFilmSlug


def length_class(title: str) -> str:
    """How large a title can be set: s to 10 letters, m to 18, l to 32, xl beyond."""
    return next(
        (name for most, name in ((10, "s"), (18, "m"), (32, "l")) if len(title) <= most),
        "xl",
    )
