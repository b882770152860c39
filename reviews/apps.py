from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_save


class ReviewsConfig(AppConfig):
    """Opinion and publication: reviews, critics, capsules, and every public page that joins them with films."""

    name = "reviews"

    def ready(self):
        from taggit.models import Tag  # models can be imported only now

        from reviews.changes import watch
        from reviews.models.tag import keep_addresses
        from reviews.roles import ensure_roles
        from reviews.search import index

        pre_save.connect(keep_addresses, sender=Tag, dispatch_uid="reviews.keep_addresses")
        post_migrate.connect(ensure_roles, sender=self, dispatch_uid="reviews.ensure_roles")
        post_migrate.connect(watch, sender=self, dispatch_uid="reviews.watch")
        post_migrate.connect(index.watch, sender=self, dispatch_uid="reviews.search.index.watch")
