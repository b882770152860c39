"""The seasons' list and form."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from config.admin_base import EditorAdmin, Rows
from config.admin_forms import GuardedForm, RowForm
from config.richtext import LONG
from config.sql import how_many
from reviews import roles
from reviews.admin.previews import PreviewsUnsaved, as_preview
from reviews.home import season_page
from reviews.models import Season, SeasonEntry
from reviews.models.review import STANDFIRST_LENGTH


class EntryForm(RowForm):
    blame = "film"


class EntryRows(Rows):
    model = SeasonEntry
    form = EntryForm
    after = "Season"
    extra = 3
    autocomplete_fields = ["film", "review"]
    fields = ["film", "review", "section", "note", "position"]
    description = (
        "In each row a film, which its newest review accompanies as soon as there is one; or one certain review, which "
        "shows as long as it is public. Rows are in the order of their numbers; without a number, a row goes to the end."
    )

    def get_queryset(self, request):
        return roles.naming_open_reviews(request.user, super().get_queryset(request))


@admin.register(Season)
class SeasonAdmin(PreviewsUnsaved, EditorAdmin):
    form = GuardedForm
    list_display = ["title", "dates", "entry_count", "is_public"]
    list_filter = ["is_public"]
    search_fields = ["title", "slug", "place"]
    inlines = [EntryRows]
    fieldsets = [
        ("Season", {"fields": ["title", "standfirst", "introduction"]}),
        (
            "If it is a festival",
            {
                "fields": ["place", ("first_day", "last_day")],
                "description": "With dates, the season is listed as going on, coming up or past, and its page is a hub for the festival’s reviews.",
            },
        ),
        ("Filing", {"fields": ["slug", "is_public"]}),
    ]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "standfirst":
            field.widget.attrs |= {"data-count": "letters", "data-most": STANDFIRST_LENGTH}
        if db_field.name == "introduction":
            picker = {"pickerUrl": reverse("admin:films_film_pictures")}
            field.widget.config = {"extensions": LONG | {"Figure": picker}}
        return field

    def list_queryset(self, queryset):
        entries = SeasonEntry.objects.filter(season=OuterRef("pk"))
        return queryset.defer("introduction").annotate(entry_count=how_many(entries))

    @admin.display(description="dates", ordering="first_day")
    def dates(self, season):
        return season.dates_printed or None

    @admin.display(description="entries", ordering="entry_count")
    def entry_count(self, season):
        return season.entry_count

    def save_state(self, obj):
        return ("Public. " if obj and obj.is_public else "Not public. ") + super().save_state(obj)

    def view_on_site(self, obj):
        if getattr(obj, "stored", obj).is_public:
            return obj.get_absolute_url()
        return reverse("admin:reviews_season_preview", args=[obj.pk])

    def get_urls(self):
        view = self.admin_site.admin_view(require_safe(self.preview))
        return [path("<int:pk>/preview/", view, name="reviews_season_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The season's page as readers will see it, with such reviews as the person may open here."""
        season = get_object_or_404(Season, pk=pk)
        if not self.has_view_permission(request, season):
            raise PermissionDenied
        return self.page_of(request, season)

    def page_of(self, request, obj, **context):
        season = Season.objects.get(pk=obj.pk)
        return as_preview(season_page(request, season, roles.reviews_to_preview(request.user)), **context)
