from django.contrib import admin
from django.db.models import OuterRef
from django.utils.text import Truncator

from config.admin_base import Blocks, EditorAdmin
from config.richtext import plain_text
from config.sql import how_many
from reviews.models import Author, AuthorPortrait, Capsule, CriticQuote, Review


class PortraitBlock(Blocks):
    model = AuthorPortrait
    after = "Who"
    fields = ["image", ("focal_x", "focal_y"), "credit"]


@admin.register(Author)
class AuthorAdmin(EditorAdmin):
    """The publication's critics. Those who left stay listed, with their reviews."""

    list_display = ["name", "account", "review_count", "has_left"]
    list_select_related = ["user"]
    list_filter = ["has_left"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["user", "favourite_film", "favourite_director", "guilty_pleasure"]
    inlines = [PortraitBlock]
    fieldsets = [
        ("Who", {"fields": ["name", "bio", "user", "has_left"]}),
        (
            "More about the author",
            {
                "fields": [
                    ("favourite_film", "favourite_film_text"),
                    ("favourite_director", "favourite_director_text"),
                    ("guilty_pleasure", "guilty_pleasure_text"),
                    "links",
                ],
                "description": "Each is chosen from the list, which makes it a link, or written in words.",
            },
        ),
        ("Filing", {"fields": ["slug"]}),
    ]

    def get_readonly_fields(self, request, obj=None):
        """Accounts are the owner's business: whoever cannot see accounts cannot hand one an author's name."""
        return [] if request.user.has_perm("auth.view_user") else ["user"]

    def list_queryset(self, queryset):
        signed = Review.objects.published().filter(bylines__author=OuterRef("pk"))
        return queryset.defer("bio").annotate(review_count=how_many(signed))

    @admin.display(description="account")
    def account(self, author):
        return author.user

    @admin.display(description="published reviews", ordering="review_count")
    def review_count(self, author):
        return author.review_count


@admin.register(Capsule)
class CapsuleAdmin(EditorAdmin):
    list_display = ["film", "author", "words", "rating"]
    list_select_related = ["film", "author"]
    list_filter = [("author", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["film__title", "film__original_title", "film__slug", "author__name"]
    search_help_text = "Titles of films and names of authors."
    autocomplete_fields = ["film", "author"]
    fields = ["film", "author", "body", "rating"]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "body":
            field.widget.attrs |= {"data-count": "words", "data-least": 40, "data-most": 60}
        return field

    @admin.display(description="capsule")
    def words(self, capsule):
        return Truncator(plain_text(capsule.body)).words(12)


@admin.register(CriticQuote)
class CriticQuoteAdmin(EditorAdmin):
    list_display = ["words", "critic", "publication", "film"]
    list_select_related = ["film"]
    search_fields = ["quote", "critic", "publication", "film__title", "film__slug"]
    search_help_text = "Words of the quote, critics, publications and titles of films."
    ordering = ["-pk"]
    autocomplete_fields = ["film"]
    fields = ["film", "quote", ("critic", "publication"), ("url", "date", "position")]

    @admin.display(description="quote", ordering="quote")
    def words(self, quote):
        return Truncator(quote.quote).words(12)
