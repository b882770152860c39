from django.contrib import admin

from config.admin_base import Blocks, EditorAdmin, Rows
from config.admin_forms import GuardedForm
from people.models import Person, PersonName, Portrait


class OtherNameRows(Rows):
    model = PersonName
    after = "Name"
    verbose_name = "other name"
    verbose_name_plural = "other names and scripts"


class PortraitBlock(Blocks):
    model = Portrait
    after = "Life"
    fields = ["image", ("focal_x", "focal_y"), "credit"]


@admin.register(Person)
class PersonAdmin(EditorAdmin):
    """People of one name are told apart by their years, here and in every list to choose from."""

    form = GuardedForm
    list_display = ["name", "years"]
    search_fields = ["name", "sort_name", "slug", "other_names__name"]
    search_help_text = "Names, other names and names in other scripts."
    ordering = ["sort_name", "pk"]
    inlines = [OtherNameRows, PortraitBlock]
    fieldsets = [
        ("Name", {"fields": ["name", "sort_name"]}),
        ("Life", {"fields": [("birth_year", "death_year"), "bio"]}),
        ("Filing", {"fields": ["slug", ("imdb_id", "wikidata_id", "tmdb_id")]}),
    ]

    @admin.display(description="life", ordering="birth_year")
    def years(self, person):
        return person.years or None
