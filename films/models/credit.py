from django.db import models
from django.db.models import Case, Q, Value, When

from films.models.film import Film
from films.models.roles import ROLE_ORDER, Role
from people.models import Person


class CreditQuerySet(models.QuerySet):
    def in_billing_order(self):
        """By role as a page lists them, then as billed."""
        return self.annotate(
            role_order=Case(
                *(When(role=role, then=Value(place)) for role, place in ROLE_ORDER.items()),
                default=Value(99),
            )
        ).order_by("role_order", "position", "pk")


class Credit(models.Model):
    """One person in one role on one film."""

    film = models.ForeignKey(Film, models.CASCADE, related_name="credits")
    person = models.ForeignKey(Person, models.PROTECT, related_name="credits")
    role = models.CharField(max_length=24, choices=Role)
    character = models.CharField(max_length=200, blank=True, help_text="Whom an actor plays.")
    position = models.PositiveSmallIntegerField(
        "billing", default=0, help_text="Order within the role; the first is 1."
    )
    credited_as = models.CharField(
        max_length=200,
        blank=True,
        help_text="Only if this film’s credits use another name.",
    )

    objects = CreditQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        indexes = [
            models.Index(fields=["film", "role", "position"], name="films_credit_of_film"),
            models.Index(fields=["person", "role", "film"], name="films_credit_of_person"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["film", "person", "role", "character"],
                name="films_credit_once",
                violation_error_message="This person already has this credit on the film.",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="films_credit_role_known"),
        ]

    def __str__(self):
        return f"{self.printed_name}, {self.get_role_display()}"

    @property
    def printed_name(self) -> str:
        """The name as this film's credits have it."""
        return self.credited_as or self.person.name
