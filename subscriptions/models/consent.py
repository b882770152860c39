from django.db import models

from subscriptions.models.subscriber import Subscriber


class Wording(models.Model):
    """A sentence readers agreed to, word for word. A changed sentence is a new row: what was shown stays known."""

    text = models.TextField(unique=True)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.text


class Consent(models.Model):
    """One thing a subscriber did about mail: when, where, from which page, shown which words, and how we know.

    Kept as the proof that GDPR article 7(1) asks for; goes with the subscriber."""

    class What(models.TextChoices):
        ASKED = "asked", "Asked for mail"
        CONFIRMED = "confirmed", "Confirmed the address"
        CHANGED = "changed", "Changed what they get"
        MOVED = "moved", "Changed the address"
        LEFT = "left", "Left"
        RETURNED = "returned", "Took leaving back"
        IMPORTED = "imported", "Imported with consent given elsewhere"

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="consents")
    what = models.CharField(max_length=9, choices=What)
    at = models.DateTimeField()
    page = models.CharField(max_length=300, blank=True, help_text="Path of the page it was done on.")
    network = models.GenericIPAddressField("network address", null=True, blank=True)
    wording = models.ForeignKey(Wording, models.PROTECT, null=True, blank=True, related_name="+")
    proof = models.CharField(
        max_length=300, blank=True, help_text="How we know: which link was used, or the file and line of an import."
    )

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self):
        return f"{self.get_what_display()}, {self.at:%Y-%m-%d}"
