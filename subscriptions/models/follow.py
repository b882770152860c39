from django.db import models
from django.db.models import Q
from taggit.models import Tag

from people.models import Person
from reviews.models import Author, Season
from subscriptions.models.subscriber import Subscriber

KINDS = ("person", "author", "tag", "country", "decade", "season")
"""What can be followed; each is a column of Follow of the same name."""


def _only(kind: str) -> Q:
    empty = {"country": "", "decade": None}
    others = {(name if name in empty else f"{name}__isnull"): empty.get(name, True) for name in KINDS if name != kind}
    mine = ~Q(country="") if kind == "country" else Q(**{f"{kind}__isnull": False})
    return Q(**others) & mine


class Follow(models.Model):
    """One thing a subscriber wants to hear of: a person in any role, an author, a tag, a country, a decade or a
    season."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="follows")
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="+")
    author = models.ForeignKey(Author, models.CASCADE, null=True, blank=True, related_name="+")
    tag = models.ForeignKey(Tag, models.CASCADE, null=True, blank=True, related_name="+")
    season = models.ForeignKey(Season, models.CASCADE, null=True, blank=True, related_name="+")
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 code.")
    decade = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Its first year: 1970.")
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q.create([_only(kind) for kind in KINDS], connector=Q.OR),
                name="subscriptions_follow_exactly_one",
            ),
            *(
                models.UniqueConstraint(
                    fields=["subscriber", kind],
                    condition=~Q(country="") if kind == "country" else Q(**{f"{kind}__isnull": False}),
                    name=f"subscriptions_follow_{kind}_once",
                )
                for kind in KINDS
            ),
        ]

    def __str__(self):
        return f"{self.kind} {getattr(self, self.kind)}"

    @property
    def kind(self) -> str:
        """Which of KINDS it is."""
        return next(kind for kind in KINDS if getattr(self, f"{kind}_id", None) or getattr(self, kind, None))
