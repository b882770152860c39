from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from config.richtext import LONG, RichTextField
from config.slugs import Addressed, FormerSlug, slug_from
from config.sql import ready_made, rows
from reviews.models.card import SocialCard
from reviews.models.links import Link, LinkLinesField, read_links
from reviews.models.season import Season

RESERVED_PAGES = {
    "archive",
    "reviews",
    "films",
    "people",
    "authors",
    "tags",
    "seasons",
    "admin",
    "static",
    "media",
    "health",
    "search",
    "ratings",
    "feeds",
    "oembed",
    "sitemaps",
    "subscribe",
    "letters",
}


class Publication(models.Model):
    """The publication's own settings: exactly one row."""

    name = models.CharField(max_length=80, default="Rushes")
    tagline = models.CharField(max_length=120, blank=True)
    description = models.CharField(
        max_length=160,
        blank=True,
        help_text="What the publication is, for search engines.",
    )
    logo = models.ImageField(
        upload_to="logo",
        blank=True,
        help_text="Left empty, the name is set in the display face.",
    )
    footer = models.TextField("line in the footer", max_length=400, blank=True)
    postal_address = models.TextField(
        max_length=300,
        blank=True,
        help_text="Printed in the footer and in every newsletter, as the law of many countries asks.",
    )
    social_links = LinkLinesField(blank=True)
    show_ratings = models.BooleanField(
        default=True,
        help_text="Off: no page prints a rating. Those already given are kept.",
    )
    reviews_per_page = models.PositiveSmallIntegerField(
        default=12, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    footer_rows: Sequence[dict] = ()  # these come with current()
    season_rows: Sequence[dict] = ()
    card_rows: Sequence[dict] = ()

    class Meta:
        verbose_name_plural = "publication"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="reviews_publication_only_one"),
            models.CheckConstraint(
                condition=Q(reviews_per_page__range=(1, 100)),
                name="reviews_publication_page_length",
            ),
        ]

    def __str__(self):
        return self.name

    @classmethod
    def current(cls) -> "Publication":
        """The one row with its footer, whether there are seasons, and its card; or the values it would have."""
        return cls.objects.annotate(**ready_made(cls, _columns_beside)).filter(pk=1).first() or cls(pk=1)

    def save(self, *args, **kwargs):
        self.pk = 1
        super().save(*args, **kwargs)

    @property
    def privacy_page(self) -> dict | None:
        """The page of the footer that says what becomes of readers' data, by its address /privacy/."""
        return next((row for row in self.footer_rows if row["slug"] == "privacy"), None)

    def links(self) -> list[Link]:
        """The social links as the footer prints them."""
        return read_links(self.social_links)


def _columns_beside() -> dict:
    return {
        "footer_rows": rows(Page.objects.in_footer().order_by("position", "title"), title="title", slug="slug"),
        "season_rows": rows(Season.objects.public().order_by("pk")[:1], slug="slug"),
        "card_rows": rows(SocialCard.objects.of_publication().order_by("-pk")[:1], image="image"),
    }


class PageQuerySet(models.QuerySet):
    def public(self):
        """Pages readers may see."""
        return self.filter(is_public=True)

    def in_footer(self):
        """What the footer of every page links to."""
        return self.public().filter(show_in_footer=True)


class Page(Addressed):
    """A simple page such as About."""

    title = models.CharField(max_length=120)
    body = RichTextField(extensions=LONG, blank=True)
    is_public = models.BooleanField("public", default=True)
    show_in_footer = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True, editable=False)

    objects = PageQuerySet.as_manager()

    class Meta:
        ordering = ["position", "title"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("page", args=[self.slug])

    def slug_source(self):
        return self.title

    def slug_follows_source(self):
        return False  # pages are linked from elsewhere by addresses that were chosen

    def clean(self):
        super().clean()
        slug = self.slug or slug_from(self.title)
        if slug in RESERVED_PAGES:
            raise ValidationError({"slug": f"/{slug}/ is a part of the site itself. Choose another address."})


class FormerPageSlug(FormerSlug):
    target = models.ForeignKey(Page, models.CASCADE, related_name="former_slugs")


Page.former_slug_model = FormerPageSlug
