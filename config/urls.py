from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.templatetags.static import static
from django.urls import include, path, re_path, register_converter
from django.utils.functional import lazy
from django.views.generic import RedirectView

from config.media import media
from config.slugs import SlugConverter
from config.views import live, ready

register_converter(SlugConverter, "title")

# Links in mail name the site as its owner does, not as the request did.
_site = urlsplit(settings.SITE_URL)
SITE = {"domain": _site.netloc, "site_name": _site.hostname, "protocol": _site.scheme}

handler404 = "reviews.views.not_found"

urlpatterns = [
    path("health/live", live, name="health-live"),
    path("health/ready", ready, name="health-ready"),
    re_path(r"^media/(?P<path>.+)$", media, name="media"),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("img/mark.svg"))),
    path(
        "admin/password_reset/",
        auth_views.PasswordResetView.as_view(),
        name="admin_password_reset",
    ),
    path(
        "admin/password_reset/done/",
        auth_views.PasswordResetDoneView.as_view(),
        name="password_reset_done",
    ),
    path(
        "admin/reset/<uidb64>/<token>/",
        auth_views.PasswordResetConfirmView.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "admin/reset/done/",
        auth_views.PasswordResetCompleteView.as_view(),
        name="password_reset_complete",
    ),
    path("admin/outbox/", include("subscriptions.outbox")),
    path("admin/subscriptions/", include("subscriptions.admin.urls")),
    path("admin/", admin.site.urls),
    path("", include("subscriptions.urls")),
    path("", include("reviews.urls")),
]
