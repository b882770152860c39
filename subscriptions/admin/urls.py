"""Pages of the newsletters' room that belong to no model's admin. Included before the admin's own addresses."""

from django.urls import path

from subscriptions.admin import dashboard, importing, releases, suppressions

app_name = "newsletters"
urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("permit/", dashboard.sending_permit, name="permit"),
    path("review/<int:pk>/", releases.release, name="release"),
    path("review/<int:pk>/letter/", releases.letter_html, name="letter"),
    path("check/", suppressions.check, name="check"),
    path("import/", importing.upload, name="import"),
    path("import/<uuid:name>/", importing.confirm, name="import-confirm"),
    path("export/", importing.export, name="export"),
    path("export/kept-out/", importing.export_kept_out, name="export-kept-out"),
]
