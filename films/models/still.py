from django.db import models
from django.db.models import Case, Q, Value, When

from config.images import Picture
from films.models.film import Film


class StillRole(models.TextChoices):
    """What a picture of a film is."""

    STILL = "still", "Still"
    BACKDROP = "backdrop", "Backdrop"
    POSTER = "poster", "Poster"


class StillQuerySet(models.QuerySet):
    def for_cards(self):
        """The picture that stands for a film first: stills, then backdrops, then posters."""
        order = {StillRole.STILL: 0, StillRole.BACKDROP: 1, StillRole.POSTER: 2}
        return self.annotate(
            role_order=Case(
                *(When(role=role, then=Value(place)) for role, place in order.items()),
                default=Value(9),
            )
        ).order_by("role_order", "position", "pk")

    def fit_to_publish(self):
        """Pictures whose alternative text is settled (written, or not needed) and whose credit is known."""
        return self.filter(Q(is_decorative=True) | ~Q(alt="")).exclude(credit="")


class Still(Picture):
    """A picture of a film."""

    folder = "stills"

    film = models.ForeignKey(Film, models.CASCADE, related_name="stills")
    role = models.CharField(max_length=8, choices=StillRole, default=StillRole.STILL)
    alt = models.CharField(
        "alternative text",
        max_length=300,
        blank=True,
        help_text="Describe what is in the frame, not what it means. Readers who do not see the picture hear this.",
    )
    is_decorative = models.BooleanField(
        "decorative",
        default=False,
        help_text="Tick only if the picture says nothing that the words beside it do not say.",
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects = StillQuerySet.as_manager()

    class Meta(Picture.Meta):
        ordering = ["position", "pk"]
        indexes = [models.Index(fields=["film", "role", "position"], name="films_still_of_film")]

    def __str__(self):
        return self.alt or f"{self.get_role_display()} {self.pk}"

    @property
    def has_text(self) -> bool:
        """Whether its alternative text is settled: written, or not needed."""
        return bool(self.alt) or self.is_decorative
