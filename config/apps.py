from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConfigConfig(AppConfig):
    """Lets Django find the commands of the wiring; it has no models."""

    name = "config"
    default = True


class RushesAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our own site object."""

    default = False
    default_site = "config.adminsite.RushesAdminSite"
