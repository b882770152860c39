from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import OuterRef, Prefetch
from django.urls import reverse
from taggit.models import Tag, TaggedItem

from config.languages import LANGUAGE_CODE
from config.richtext import LONG, RichTextField, word_count
from config.slugs import FormerSlug
from config.sql import children, ready_made, rows
from films.models import Film, Still
from reviews.models.author import Author
from reviews.models.fields import RatingField, rating_in_range
from reviews.models.publishing import Byline, Missing, Publishable, PublishableQuerySet

WORDS_A_MINUTE = 230
STANDFIRST_LENGTH = 240


class ReviewQuerySet(PublishableQuerySet):
    def with_authors(self):
        """Adds the names and slugs of the authors to the query itself, for lists."""
        return self.annotate(**ready_made(Review, author_columns))

    def for_cards(self):
        """Everything a card of a review prints: film with directors, countries and still, authors, lead image.

        One query for the reviews and one for their films, however many."""
        return (
            self.select_related("lead_image")
            .with_authors()
            .defer("body", "synopsis")
            .prefetch_related(Prefetch("film", Film.objects.with_card().defer("synopsis")))
        )

    def for_page(self):
        """Everything the page of one review prints of its own record, in three queries."""
        own = self.select_related("lead_image", "social_card").annotate(**ready_made(Review, tag_columns))
        return own.prefetch_related(
            Prefetch("film", Film.objects.with_facts().with_card()),
            Prefetch(
                "bylines",
                ReviewByline.objects.select_related(
                    "author__portrait",
                    "author__favourite_film",
                    "author__favourite_director",
                    "author__guilty_pleasure",
                ),
            ),
        )

    def about(self, film: Film):
        """Reviews of one film."""
        return self.filter(film=film)

    def by(self, author: Author):
        """Reviews an author signed, alone or with others."""
        return self.filter(bylines__author=author)


def author_columns() -> dict:
    """Name and slug of each author of a review, in order, as a column of its query."""
    bylines = children(Review, "bylines").order_by("position", "pk")
    return {"author_rows": rows(bylines, name="author__name", slug="author__slug")}


def tags_of_review():
    """The tags given to the review of an outer query."""
    return TaggedItem.objects.filter(
        content_type__app_label="reviews", content_type__model="review", object_id=OuterRef("pk")
    )


def tag_columns() -> dict:
    """The tags of a review, by name, as a column of its query."""
    tagged = tags_of_review().order_by("tag__name")
    return {"tag_rows": rows(tagged, id="tag_id", name="tag__name", slug="tag__slug")}


class Review(Publishable):
    """Our view of a film."""

    film = models.ForeignKey(Film, models.PROTECT, related_name="reviews")
    headline = models.CharField(
        max_length=200,
        blank=True,
        help_text="Left empty, the film’s title is the headline.",
    )
    standfirst = models.CharField(
        max_length=STANDFIRST_LENGTH,
        blank=True,
        help_text="One sentence a reader would underline. Do not name the plot.",
    )
    synopsis = models.TextField(
        blank=True,
        help_text="Only if this review needs another than the film’s own. What happens, no opinion, no ending.",
    )
    body = RichTextField("our view", extensions=LONG, blank=True)
    verdict = models.CharField(
        "verdict line",
        max_length=160,
        blank=True,
        help_text="The judgement in one short line, printed at the end.",
    )
    rating = RatingField(
        null=True,
        blank=True,
        help_text="0.5 to 5 in halves. It may stay empty: no rating prints nothing.",
    )
    has_spoilers = models.BooleanField(
        "gives things away",
        default=False,
        help_text="Prints a warning above the review.",
    )
    lead_image = models.ForeignKey(
        Still,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="A still of this film. Left empty, the film’s first still is used.",
    )
    disclosure = models.CharField(
        max_length=200,
        blank=True,
        help_text="How it was seen, if readers should know: at a festival, on a screener, at the distributor’s invitation.",
    )

    language = models.CharField(
        max_length=12,
        blank=True,
        validators=[LANGUAGE_CODE],
        help_text="The code of the language it is written in, for example fr. Left empty, it is the publication’s own.",
    )

    objects = ReviewQuerySet.as_manager()

    class Meta(Publishable.Meta):
        abstract = False
        constraints = [
            *Publishable.Meta.constraints,
            models.CheckConstraint(
                condition=rating_in_range("rating"),
                name="reviews_review_rating_in_halves",
                violation_error_message="A rating goes from 0.5 to 5 in halves.",
            ),
        ]
        indexes = [
            # With film and rating in it, the archive reads no row: rows are long, and those columns lie behind the text.
            models.Index(fields=["state", "-published_at", "-id", "film", "rating"], name="reviews_review_listed"),
            models.Index(fields=["film", "state", "-published_at", "-id"], name="reviews_review_of_film"),
            models.Index(fields=["is_featured", "state", "-published_at", "-id"], name="reviews_review_featured"),
        ]
        permissions = [("publish_review", "Can publish, schedule and withdraw reviews")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("reviews:detail", args=[self.slug])

    def slug_source(self):
        return self.headline or self.film.title

    @property
    def title(self) -> str:
        """The headline, or the film's title."""
        return self.headline or self.film.title

    @property
    def foreign_language(self) -> str:
        """The language it is written in, where that is not the publication's own, for a lang attribute."""
        return "" if self.language.split("-")[0] == settings.LANGUAGE_CODE.split("-")[0] else self.language

    @property
    def title_language(self) -> str:
        """As foreign_language, of its title, which may be the film's."""
        return self.foreign_language if self.headline else self.film.title_language

    @property
    def synopsis_printed(self) -> str:
        """The review's own synopsis, else the film's."""
        return self.synopsis or self.film.synopsis

    @property
    def description(self) -> str:
        """One sentence for search engines and previews."""
        return self.meta_description or self.standfirst

    @property
    def still(self) -> Still | None:
        """The picture that stands for the review: chosen, or the film's first."""
        return self.lead_image or self.film.card_still

    @property
    def reading_minutes(self) -> int:
        """Minutes the review takes to read, at least one."""
        return max(1, round(word_count(self.body) / WORDS_A_MINUTE))

    @property
    def author_names(self) -> list[dict]:
        """Name and slug of each author, in order; from with_authors() if it was asked for."""
        if hasattr(self, "author_rows"):
            return self.author_rows
        return [{"name": author.name, "slug": author.slug} for author in self.authors()]

    @property
    def tags_by_name(self) -> list[Tag]:
        """Its tags; from for_page() if it was asked for."""
        if hasattr(self, "tag_rows"):
            return [Tag(**row) for row in self.tag_rows]
        return list(self.tags.order_by("name"))

    def clean(self):
        super().clean()
        if self.lead_image_id and self.film_id and self.lead_image.film_id != self.film_id:
            raise ValidationError(
                {"lead_image": f"This still belongs to {self.lead_image.film}. Choose one of this film."}
            )

    def missing_for_publishing(self, *, is_signed=None):
        missing = super().missing_for_publishing(is_signed=is_signed)
        if not self.standfirst:
            missing.append(Missing("standfirst", "a standfirst, one sentence under the title"))
        if not (self.synopsis or (self.film_id and self.film.synopsis)):
            missing.append(Missing("synopsis", "a synopsis, here or on the film"))
        if not self.body:
            missing.append(Missing("body", "the review itself"))
        still = self.lead_image or (self.film_id and self.film.stills.order_by().for_cards().first()) or None
        if still and not still.has_text:
            missing.append(
                Missing(
                    "lead_image",
                    "the alternative text of its picture (on the film, under Stills)",
                )
            )
        if still and not still.credit:
            missing.append(
                Missing(
                    "lead_image",
                    "the credit and rights line of its picture (on the film, under Stills)",
                )
            )
        return missing


class ReviewByline(Byline):
    """One author of a review."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="bylines")
    author = models.ForeignKey(Author, models.PROTECT, related_name="reviews_signed")

    class Meta(Byline.Meta):
        abstract = False
        verbose_name = "author"
        constraints = [
            models.UniqueConstraint(
                fields=["review", "author"],
                name="reviews_reviewbyline_once",
                violation_error_message="This author has signed already.",
            )
        ]
        indexes = [models.Index(fields=["author", "review"], name="reviews_reviewbyline_by")]


class FormerReviewSlug(FormerSlug):
    target = models.ForeignKey(Review, models.CASCADE, related_name="former_slugs")


Review.former_slug_model = FormerReviewSlug
