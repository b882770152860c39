from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class SubscriptionsConfig(AppConfig):
    """Letters to readers who asked for them: addresses, consent, mailings, deliveries."""

    name = "subscriptions"
    verbose_name = "Newsletters"

    def ready(self):
        from reviews.roles import ensure_roles  # models can be imported only now
        from subscriptions import balance

        # Once more: a first migrate makes this room's permissions after those of the rooms below.
        post_migrate.connect(ensure_roles, sender=self, dispatch_uid="subscriptions.ensure_roles")
        pre_migrate.connect(balance.let_go, sender=self, dispatch_uid="subscriptions.balance.let_go")
        post_migrate.connect(balance.watch, sender=self, dispatch_uid="subscriptions.balance.watch")
