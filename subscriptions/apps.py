from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """Mail to readers: the newsletter's own mailer, apart from the mail a reader waits for."""

    name = "subscriptions"
