"""Newsletters in the admin: Django finds what is registered through this package."""

from subscriptions.admin import dashboard, importing, mailings, releases, signups, subscribers, suppressions

__all__ = ["dashboard", "importing", "mailings", "releases", "signups", "subscribers", "suppressions"]
