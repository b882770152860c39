from django.contrib import admin
from django.db.models import OuterRef
from django.http import HttpResponseRedirect
from django.urls import reverse
from taggit.models import Tag

from config.admin_base import EditorAdmin
from config.admin_forms import GuardedForm
from config.richtext import LONG
from config.sql import how_many
from reviews.models import Page, Publication, Review


@admin.register(Publication)
class PublicationAdmin(EditorAdmin):
    """The one record of settings: its list leads straight to it."""

    fieldsets = [
        ("Masthead", {"fields": ["name", "tagline", "logo", "description"]}),
        ("Footer", {"fields": ["footer", "postal_address", "social_links"]}),
        ("Reviews", {"fields": ["show_ratings", "reviews_per_page"]}),
    ]
    view_on_site = False

    def changelist_view(self, request, extra_context=None):
        there = Publication.objects.filter(pk=1).exists()
        name, arguments = ("change", [1]) if there else ("add", [])
        return HttpResponseRedirect(reverse(f"admin:reviews_publication_{name}", args=arguments))

    def has_add_permission(self, request):
        return super().has_change_permission(request) and not Publication.objects.filter(pk=1).exists()

    def has_delete_permission(self, request, obj=None):
        return False

    def response_post_save_change(self, request, obj):
        return HttpResponseRedirect(reverse("admin:index"))

    response_post_save_add = response_post_save_change


@admin.register(Page)
class PageAdmin(EditorAdmin):
    form = GuardedForm
    list_display = ["title", "address", "is_public", "show_in_footer", "position"]
    search_fields = ["title", "slug"]
    fieldsets = [
        ("Page", {"fields": ["title", "body"]}),
        ("Filing", {"fields": ["slug", "is_public", ("show_in_footer", "position")]}),
    ]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "body":
            field.widget.config = {"extensions": LONG}
        return field

    def list_queryset(self, queryset):
        return queryset.defer("body")

    @admin.display(description="address", ordering="slug")
    def address(self, page):
        return f"/{page.slug}/"

    def view_on_site(self, obj):
        return obj.get_absolute_url() if obj.is_public else None


class TagAdmin(EditorAdmin):
    """Tags without taggit's list of everything tagged, which would show drafts and cost a query for each."""

    list_display = ["name", "review_count"]
    search_fields = ["name", "slug"]
    ordering = ["name"]
    fields = ["name", "slug"]
    view_on_site = False

    def list_queryset(self, queryset):
        tagged = Review.objects.published().tagged(OuterRef(OuterRef("pk")))
        return queryset.annotate(review_count=how_many(tagged))

    @admin.display(description="published reviews", ordering="review_count")
    def review_count(self, tag):
        return tag.review_count


admin.site.unregister(Tag)
admin.site.register(Tag, TagAdmin)
