from decimal import Decimal

from django import forms
from django.db import models
from django.db.models import Q

RATINGS = [Decimal(halves) / 2 for halves in range(1, 11)]


def figure_of(rating: Decimal | float) -> str:
    """A rating as it is printed and as addresses have it: "3.5" or "4"."""
    return f"{rating:.1f}".removesuffix(".0")


class RatingField(models.DecimalField):
    """A rating from 0.5 to 5 in halves."""

    def __init__(self, *args, **kwargs):
        kwargs |= {"max_digits": 2, "decimal_places": 1}
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def formfield(self, **kwargs):
        return forms.TypedChoiceField(
            label=kwargs.get("label", self.verbose_name.capitalize()),
            help_text=self.help_text,
            required=not self.blank,
            choices=[
                ("", "Not rated" if self.blank else "Choose a rating"),
                *((str(rating), f"{figure_of(rating)} of 5") for rating in RATINGS),
            ],
            coerce=Decimal,
            empty_value=None,
            error_messages={"invalid_choice": "A rating goes from 0.5 to 5 in halves; %(value)s is not one of them."},
        )

    def validate(self, value, model_instance):
        super().validate(value, model_instance)
        if value is not None and Decimal(value) not in RATINGS:
            raise forms.ValidationError("A rating goes from 0.5 to 5 in halves.")


def rating_in_range(field: str) -> Q:
    """The condition of a check constraint: no rating, or one of the ten."""
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__in": RATINGS})
