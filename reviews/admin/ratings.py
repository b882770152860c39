from django.contrib import admin
from django.urls import reverse

from config.admin_base import EditorAdmin
from reviews.models import Publication, RatingMeaning
from reviews.models.fields import figure_of


@admin.register(RatingMeaning)
class RatingMeaningAdmin(EditorAdmin):
    """What the figures of the scale mean here, in the publication's own words; the others keep ours."""

    list_display = ["figure", "meaning"]
    fields = ["rating", "meaning"]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        field.error_messages["unique"] = "This figure has its meaning already."
        return field

    @admin.display(description="rating", ordering="rating")
    def figure(self, step):
        return figure_of(step.rating)

    def view_on_site(self, obj):
        return f"{reverse('ratings')}#rated-{figure_of(obj.rating)}" if Publication.current().show_ratings else None
