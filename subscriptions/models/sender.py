from django.db import models

from subscriptions.models.mailing import Mailing


class Sender(models.Model):
    """A process that is handing over mail at this moment. One that has not said so for a while is dead."""

    name = models.CharField(max_length=36, primary_key=True)
    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="senders")
    beat_at = models.DateTimeField(help_text="By the database’s clock, which all senders share.")

    def __str__(self):
        return self.name


class Pace(models.Model):
    """How many mails were handed to the provider, all workers together, in one span of a few seconds."""

    at = models.DateTimeField(primary_key=True)
    taken = models.PositiveIntegerField(default=0)

    def __str__(self):
        return f"{self.taken} at {self.at:%Y-%m-%d %H:%M:%S}"


class Reception(models.Model):
    """How the provider takes a mailing, as far as a sender has to know what others found before it."""

    mailing = models.OneToOneField(Mailing, models.CASCADE, primary_key=True, related_name="reception")
    recent = models.CharField(
        max_length=100, blank=True, help_text="The last answers, newest at the end: + taken, - refused for good."
    )
    shut_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when the provider lets nobody in for the time being."
    )

    def __str__(self):
        return f"{self.mailing_id}: {self.recent}"
