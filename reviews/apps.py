from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ReviewsConfig(AppConfig):
    """Opinion and publication: reviews, critics, capsules, and every public page that joins them with films."""

    name = "reviews"

    def ready(self):
        from reviews.changes import watch  # models can be imported only now
        from reviews.roles import ensure_roles

        post_migrate.connect(ensure_roles, sender=self, dispatch_uid="reviews.ensure_roles")
        post_migrate.connect(watch, sender=self, dispatch_uid="reviews.watch")
