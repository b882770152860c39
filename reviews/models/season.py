from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.formats import date_format

from config.richtext import LONG, RichTextField
from config.slugs import Addressed, FormerSlug
from films.models import Film
from reviews.models.review import STANDFIRST_LENGTH, Review


class SeasonQuerySet(models.QuerySet):
    def public(self):
        """Seasons readers may see."""
        return self.filter(is_public=True)


class Season(Addressed):
    """Reviews and films in an order, under a title: "Winter with Ozu". With dates it is a festival's hub."""

    title = models.CharField(max_length=120)
    standfirst = models.CharField(
        max_length=STANDFIRST_LENGTH,
        blank=True,
        help_text="One sentence on what it is and why now.",
    )
    introduction = RichTextField(extensions=LONG, blank=True)
    place = models.CharField(
        max_length=120, blank=True, help_text="Where it is held, for example “Lumen Cinema, Leeds, England”."
    )
    first_day = models.DateField(null=True, blank=True, help_text="Only for a festival or another event with dates.")
    last_day = models.DateField(null=True, blank=True, help_text="Left empty, it lasts one day.")
    is_public = models.BooleanField(
        "public", default=False, help_text="Until this is ticked, only those who sign in here see it, as a preview."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True, editable=False)

    objects = SeasonQuerySet.as_manager()

    class Meta:
        ordering = [F("first_day").desc(nulls_last=True), "-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="reviews_season_has_title"),
            models.CheckConstraint(condition=~Q(slug=""), name="reviews_season_has_slug"),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(first_day__isnull=False, last_day__gte=F("first_day")),
                name="reviews_season_days_in_order",
                violation_error_message="The last day cannot lie before the first.",
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def name(self) -> str:
        """Its title, under the name that everything else to follow has."""
        return self.title

    def get_absolute_url(self):
        return reverse("seasons:detail", args=[self.slug])

    def slug_source(self):
        return self.title

    def clean(self):
        super().clean()
        if self.last_day and not self.first_day:
            raise ValidationError({"first_day": "Give the first day as well, or empty the last one."})

    def reviews(self) -> models.QuerySet[Review]:
        """The reviews that belong to it, in any state: those entered, and those of films entered."""
        entries = SeasonEntry.objects.filter(season=self)
        chosen = entries.filter(review__isnull=False).values("review")
        return Review.objects.filter(
            Q(pk__in=chosen) | Q(film__in=entries.filter(film__isnull=False).values("film")),
        )

    # --- Its dates

    @property
    def is_festival(self) -> bool:
        """Whether it takes place on certain days."""
        return self.first_day is not None

    @property
    def final_day(self) -> date | None:
        """The last day, which may be the first; None for a season without dates."""
        return self.last_day or self.first_day

    @property
    def dates_printed(self) -> str:
        """Its days as a reader likes them: "12–23 May 2026", "30 April – 3 May 2026"; empty if it has none."""
        first, last = self.first_day, self.final_day
        if first is None:
            return ""
        if first == last:
            return date_format(last, "j F Y")
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}–{date_format(last, 'j F Y')}"
        start = "j F" if first.year == last.year else "j F Y"
        return f"{date_format(first, start)} – {date_format(last, 'j F Y')}"


class SeasonEntryQuerySet(models.QuerySet):
    def shown(self, reviews=None, now=None):
        """What a season shows of itself, in its order: its films, and such of its reviews as are among `reviews`
        (those that readers may see now, if nothing is said). Adds `film_shown`, and `review_shown`: the review
        chosen, or the newest public one of the film."""
        public = Review.objects.published(now)
        visible = public if reviews is None else reviews
        newest = public.filter(film=OuterRef("film")).newest_first().values("pk")[:1]
        return (
            self.filter(Q(film__isnull=False) | Exists(visible.filter(pk=OuterRef("review"))))
            .annotate(
                film_shown=Coalesce("film", "review__film"),
                review_shown=Case(When(review__isnull=False, then=F("review")), default=Subquery(newest)),
            )
            .order_by("position", "pk")
        )


class SeasonEntry(models.Model):
    """A film or one certain review in a season."""

    season = models.ForeignKey(Season, models.CASCADE, related_name="entries")
    film = models.ForeignKey(
        Film,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="season_entries",
        help_text="With its newest review, once there is one.",
    )
    review = models.ForeignKey(
        Review,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="season_entries",
        help_text="Only if it must be this one of several reviews of a film.",
    )
    section = models.CharField(
        max_length=80,
        blank=True,
        help_text="Entries are grouped under it, for example “Competition” or “Day 3”. Left empty, it is that of the entry before.",
    )
    note = models.CharField(max_length=200, blank=True, help_text="A word on its place here.")
    position = models.PositiveSmallIntegerField(default=0)

    objects = SeasonEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "entry"
        verbose_name_plural = "entries"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(film__isnull=False, review__isnull=True) | Q(film__isnull=True, review__isnull=False),
                name="reviews_seasonentry_film_or_review",
                violation_error_message="Choose a film or a review: one of the two.",
            ),
            models.UniqueConstraint(
                fields=["season", "film"],
                name="reviews_seasonentry_film_once",
                violation_error_message="This film stands in the season already.",
            ),
            models.UniqueConstraint(
                fields=["season", "review"],
                name="reviews_seasonentry_review_once",
                violation_error_message="This review stands in the season already.",
            ),
        ]

    def __str__(self):
        return f"Entry {self.position}"


class FormerSeasonSlug(FormerSlug):
    target = models.ForeignKey(Season, models.CASCADE, related_name="former_slugs")


Season.former_slug_model = FormerSeasonSlug
