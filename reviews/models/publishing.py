"""What every kind of article shares: its state, its times, who signed it, its address and its tags.

Whether readers see an article is decided in one place, PublishableQuerySet.published(), from the clock, on
every read. No job has to run for a scheduled article to appear, and none can make it appear early.
"""

from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.text import get_text_list
from taggit.managers import TaggableManager
from taggit.models import Tag, TaggedItem

from config.slugs import Addressed
from reviews.models.author import Author


class State(models.TextChoices):
    """Where an article stands. "Scheduled" is not a state: it is published, with a time still to come."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


FIRST_YEAR_ONLINE = 1990


def validate_moment(moment) -> None:
    """Refuse a slip of the finger: a year before the web or far ahead."""
    if not FIRST_YEAR_ONLINE <= moment.year <= timezone.now().year + 10:
        raise ValidationError(
            f"Is the year {moment.year} right? It must lie between {FIRST_YEAR_ONLINE} and ten years from now."
        )


def validate_past(moment) -> None:
    """Refuse a time still to come."""
    if moment > timezone.now():
        raise ValidationError("This lies in the future. Give the time when the text was changed.")


class PublishableQuerySet(models.QuerySet):
    def published(self, now=None):
        """What readers may see: published, and the time has come. Every page, feed, search and mail asks here."""
        return self.filter(state=State.PUBLISHED, published_at__lte=now or timezone.now())

    def scheduled(self, now=None):
        """Published, but not before its time."""
        return self.filter(state=State.PUBLISHED, published_at__gt=now or timezone.now())

    def dated_since(self, moment):
        """Dated at a moment or later; it may be an expression, such as a column of an outer query."""
        return self.filter(published_at__gte=moment)

    def tagged(self, tag: Tag):
        """What has a tag."""
        kind = ContentType.objects.get_for_model(self.model)
        return self.filter(pk__in=TaggedItem.objects.filter(tag=tag, content_type=kind).values("object_id"))

    def older_than(self, article: "Publishable"):
        """What comes after an article in the order of a front page."""
        return self.filter(
            Q(published_at__lt=article.published_at) | Q(pk__lt=article.pk), published_at__lte=article.published_at
        )

    def newer_than(self, article: "Publishable"):
        """What comes before an article in the order of a front page."""
        return self.filter(
            Q(published_at__gt=article.published_at) | Q(pk__gt=article.pk), published_at__gte=article.published_at
        )

    def newest_first(self):
        """In the order of a front page."""
        return self.order_by("-published_at", "-pk")


class NotReady(ValidationError):
    """Publishing was asked for, but something is missing. `missing` lists it in words."""

    def __init__(self, missing: list[str]):
        self.missing = missing
        super().__init__([ValidationError(f"Missing before it can be published: {item}.") for item in missing])


@dataclass(frozen=True)
class Missing:
    """Something publishing needs: the form field to look at ("" for none) and what to do."""

    field: str
    what: str


class Publishable(Addressed):
    """An article that is written, checked, published and perhaps withdrawn. Subclasses have `bylines`,
    rows of a Byline model, and add to missing_for_publishing()."""

    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    published_at = models.DateTimeField(
        "first published",
        null=True,
        blank=True,
        validators=[validate_moment],
        help_text="Left empty, it is the moment of publishing. A time still to come schedules the review.",
    )
    updated_at = models.DateTimeField(
        "updated",
        null=True,
        blank=True,
        validators=[validate_moment, validate_past],
        help_text="Set it when the text says something new; readers see the date. Small corrections need none.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True, editable=False)
    is_featured = models.BooleanField(
        "featured",
        default=False,
        help_text="Leads the home page while it is the newest that is featured.",
    )
    meta_description = models.CharField(
        "description for search engines",
        max_length=160,
        blank=True,
        help_text="Left empty, the standfirst serves.",
    )
    tags = TaggableManager(blank=True, help_text="Themes, separated by commas.")

    objects = PublishableQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-published_at", "-pk"]
        get_latest_by = "published_at"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=State.values),
                name="%(app_label)s_%(class)s_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.PUBLISHED, State.WITHDRAWN]) | Q(published_at__isnull=False),
                name="%(app_label)s_%(class)s_published_has_date",
                violation_error_message="What is published needs a date of publication.",
            ),
            models.CheckConstraint(
                condition=Q(updated_at__isnull=True)
                | Q(published_at__isnull=True)
                | Q(updated_at__gte=models.F("published_at")),
                name="%(app_label)s_%(class)s_updated_after_published",
                violation_error_message="“Updated” cannot lie before “first published”.",
            ),
        ]

    @property
    def is_scheduled(self) -> bool:
        return self.state == State.PUBLISHED and self.published_at is not None and self.published_at > timezone.now()

    @property
    def is_visible(self) -> bool:
        """Whether readers see it now: the same rule as published(), for one article already in hand."""
        return self.state == State.PUBLISHED and not self.is_scheduled

    @property
    def standing(self) -> str:
        """The state in an editor's words, "Scheduled" included."""
        return "Scheduled" if self.is_scheduled else self.get_state_display()

    @property
    def was_public(self) -> bool:
        """Whether readers may have seen it and kept its address."""
        return (
            self.published_at is not None
            and self.state in (State.PUBLISHED, State.WITHDRAWN)
            and self.published_at <= timezone.now()
        )

    def slug_follows_source(self):
        return not self.was_public

    def address_is_known(self):
        return self.was_public

    def missing_for_publishing(self, *, is_signed: bool | None = None) -> list[Missing]:
        """What still has to be done before readers may see it; empty when nothing.

        A form whose authors are not saved yet says itself whether there are any (`is_signed`)."""
        if is_signed is None:
            is_signed = bool(self.pk) and self.bylines.exists()
        return [] if is_signed else [Missing("authors", "an author")]

    def publish(self, at=None) -> None:
        """Make it public now, or at a time given. The first date stays when it was public before.

        Raises NotReady, listing what is missing, and then changes nothing."""
        if missing := self.missing_for_publishing():
            raise NotReady([item.what for item in missing])
        self.state = State.PUBLISHED
        self.published_at = at or self.published_at or timezone.now()
        self.save(update_fields=["state", "published_at", "changed_at"])

    def withdraw(self) -> None:
        """Take it off the site at once; its address, text and dates stay. What never appeared becomes a draft."""
        self.state = State.WITHDRAWN if self.was_public else State.DRAFT
        self.save(update_fields=["state", "changed_at"])

    def send_back(self) -> None:
        """Make it a draft again, for its authors to work on. What readers see has to be withdrawn first."""
        if self.is_visible:
            raise ValidationError("Readers see it; withdraw it first.")
        self.state = State.DRAFT
        self.save(update_fields=["state", "changed_at"])

    def authors(self) -> list[Author]:
        """Who signed it, in order."""
        return [byline.author for byline in self.bylines.all()]

    def byline(self) -> str:
        """The authors' names as one phrase: "A", "A and B", "A, B and C"."""
        return get_text_list([author.name for author in self.authors()], "and")


class Byline(models.Model):
    """One author of an article, in order. Subclasses add the foreign key to the article, called `bylines` there."""

    author = models.ForeignKey(Author, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True
        ordering = ["position", "pk"]

    def __str__(self):
        return self.author.name
