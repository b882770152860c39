from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from taggit.models import Tag

from people.models import Person
from reviews.models.review import Review
from reviews.models.season import Season

MOST_ROWS = 8
MOST_IN_ROW = 12
MOST_SIDE_BY_SIDE = 4


class FrontPageQuerySet(models.QuerySet):
    def on_site(self) -> "FrontPage | None":
        """The home page readers see with its rows; None while the automatic one stands there."""
        return self.filter(is_live=True).first()


class FrontPage(models.Model):
    """A home page as an editor composes it. There may be several; readers see one of them, or none: without one,
    reviews/front.py composes the page by itself."""

    name = models.CharField(
        max_length=80, unique=True, help_text="For you alone, for example “Everyday” or “Festival week”."
    )
    lead = models.ForeignKey(
        Review,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="lead review",
        help_text="The large one at the top. Left empty: the newest featured review, else the newest.",
    )
    is_live = models.BooleanField("on the site", default=False, editable=False)
    changed_at = models.DateTimeField(auto_now=True, editable=False)

    objects = FrontPageQuerySet.as_manager()

    class Meta:
        verbose_name = "home page"
        ordering = ["-is_live", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_live"], condition=Q(is_live=True), name="reviews_frontpage_one_on_the_site"
            )
        ]

    def __str__(self):
        return self.name

    @transaction.atomic
    def put_on_site(self) -> None:
        """Show it to readers, in place of what they saw until now."""
        # All are locked first: two editors who do this at once follow one another, and the later one stands.
        list(FrontPage.objects.select_for_update().order_by("pk").values_list("pk"))
        FrontPage.objects.filter(is_live=True).exclude(pk=self.pk).update(is_live=False)
        FrontPage.objects.filter(pk=self.pk).update(is_live=True)
        self.is_live = True

    def take_off_site(self) -> None:
        """Give readers the automatic home page instead of this one."""
        FrontPage.objects.filter(pk=self.pk).update(is_live=False)
        self.is_live = False

    @transaction.atomic
    def copy(self) -> "FrontPage":
        """Another page like this one, not on the site, to be changed without any reader seeing it."""
        names = set(FrontPage.objects.values_list("name", flat=True))
        stem = self.name[:70]
        name = next(
            name
            for number in range(1, len(names) + 2)
            if (name := f"{stem} (copy {number})" if number > 1 else f"{stem} (copy)") not in names
        )
        other = FrontPage.objects.create(name=name, lead=self.lead)
        for row in self.rows.prefetch_related("picks"):
            picks = list(row.picks.all())
            row.pk, row.page, row._state.adding = None, other, True
            row.save()
            FrontPick.objects.bulk_create(
                FrontPick(row=row, review_id=pick.review_id, position=pick.position) for pick in picks
            )
        return other


class FrontRow(models.Model):
    """A row of a home page: what it shows, and how."""

    class Kind(models.TextChoices):
        PICKED = "picked", "Reviews chosen by hand"
        LATEST = "latest", "The latest reviews"
        DIRECTOR = "director", "The films of a director"
        TAG = "tag", "Reviews with a tag"
        SEASON = "season", "Reviews of a season"
        VERDICT = "verdict", "Second look: a verdict in large letters"
        DIRECTORS = "directors", "Names of directors"

    class Look(models.TextChoices):
        STRIP = "strip", "Pictures side by side"
        BAND = "band", "Pictures side by side, on black"
        LIST = "list", "A list"

    PICKING = (Kind.PICKED, Kind.VERDICT)
    WITHOUT_LOOK = (Kind.VERDICT, Kind.DIRECTORS)
    SUBJECTS = {Kind.DIRECTOR: "person", Kind.TAG: "tag", Kind.SEASON: "season"}

    page = models.ForeignKey(FrontPage, models.CASCADE, related_name="rows")
    kind = models.CharField("shows", max_length=9, choices=Kind, default=Kind.LATEST)
    person = models.ForeignKey(
        Person, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="the director"
    )
    tag = models.ForeignKey(Tag, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="the tag")
    season = models.ForeignKey(
        Season, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="the season"
    )
    heading = models.CharField(
        max_length=80, blank=True, help_text="Left empty, it is made from what the row shows: “New reviews”, the name…"
    )
    look = models.CharField(max_length=5, choices=Look, default=Look.STRIP)
    length = models.PositiveSmallIntegerField(
        "how many",
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_IN_ROW)],
        help_text=f"At most {MOST_SIDE_BY_SIDE} side by side, {MOST_IN_ROW} in a list.",
    )
    position = models.PositiveSmallIntegerField("place", default=0)

    class Meta:
        verbose_name = "row"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="director", person__isnull=False) | (~Q(kind="director") & Q(person__isnull=True)),
                name="reviews_frontrow_director_if_asked",
            ),
            models.CheckConstraint(
                condition=Q(kind="tag", tag__isnull=False) | (~Q(kind="tag") & Q(tag__isnull=True)),
                name="reviews_frontrow_tag_if_asked",
            ),
            models.CheckConstraint(
                condition=Q(kind="season", season__isnull=False) | (~Q(kind="season") & Q(season__isnull=True)),
                name="reviews_frontrow_season_if_asked",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["picked", "latest", "director", "tag", "season", "verdict", "directors"],
                    look__in=["strip", "band", "list"],
                ),
                name="reviews_frontrow_known",
            ),
            models.CheckConstraint(condition=Q(length__range=(1, MOST_IN_ROW)), name="reviews_frontrow_length"),
            models.CheckConstraint(
                condition=Q(look="list") | Q(kind__in=["verdict", "directors"]) | Q(length__lte=MOST_SIDE_BY_SIDE),
                name="reviews_frontrow_room",
            ),
        ]

    def __str__(self):
        return self.heading or self.get_kind_display()

    @property
    def is_picked(self) -> bool:
        """Whether reviews may be chosen by hand for it."""
        return self.kind in self.PICKING

    def clean(self):
        super().clean()
        errors = {}
        for kind, field in self.SUBJECTS.items():
            is_given = getattr(self, f"{field}_id") is not None
            if self.kind == kind and not is_given:
                errors[field] = f"Choose {self._meta.get_field(field).verbose_name} this row is about."
            elif self.kind != kind and is_given:
                errors[field] = f"This row does not look at it: empty this, or let the row show “{kind.label}”."
        is_free = self.look == self.Look.LIST or self.kind in self.WITHOUT_LOOK
        if not is_free and self.length and MOST_SIDE_BY_SIDE < self.length <= MOST_IN_ROW:
            errors["length"] = f"Side by side there is room for {MOST_SIDE_BY_SIDE}. For more, make it a list."
        if errors:
            raise ValidationError(errors)


class FrontPick(models.Model):
    """A review chosen by hand for a row."""

    row = models.ForeignKey(FrontRow, models.CASCADE, related_name="picks")
    review = models.ForeignKey(Review, models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "review"
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["row", "review"],
                name="reviews_frontpick_once",
                violation_error_message="This review stands in the row already.",
            )
        ]

    def __str__(self):
        return f"Choice {self.position}"
