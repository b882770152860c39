"""What the publication says of films, added to the films' own pages. films/ cannot know it: imports point down."""

from django.contrib import admin
from django.db.models import OuterRef
from django.urls import reverse

from config.admin_base import Blocks
from config.sql import how_many
from films.admin import FilmAdmin, YesNoFilter
from films.models import Film
from reviews.admin.quotes import QuoteBlocks
from reviews.models import Capsule, Review


class CapsuleBlocks(Blocks):
    model = Capsule
    after = "Synopsis"
    autocomplete_fields = ["author"]
    extra = 0
    fields = ["author", "body", "rating"]


class ReviewedFilter(YesNoFilter):
    title = "reviews"
    parameter_name = "reviewed"
    words = ("Reviewed", "Not yet reviewed")

    def found(self):
        return Review.objects.published().filter(film=OuterRef("pk"))


class ReviewedFilmAdmin(FilmAdmin):
    """Films with their reviews, quotes and capsules."""

    list_display = [*FilmAdmin.list_display, "review_count"]
    list_filter = [ReviewedFilter, *FilmAdmin.list_filter]
    inlines = [*FilmAdmin.inlines, QuoteBlocks, CapsuleBlocks]

    def list_queryset(self, queryset):
        reviews = Review.objects.published().filter(film=OuterRef("pk"))
        return super().list_queryset(queryset).annotate(review_count=how_many(reviews))

    @admin.display(description="reviews", ordering="review_count")
    def review_count(self, film):
        return film.review_count

    def tools(self, request, obj):
        write = f"{reverse('admin:reviews_review_add')}?film={obj.pk}"
        return [("Write a review", write)] if request.user.has_perm("reviews.add_review") else []


admin.site.unregister(Film)
admin.site.register(Film, ReviewedFilmAdmin)
