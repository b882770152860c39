"""What a mail provider reports by web hook. django-anymail reads the eight we can send through and checks that it is
they who call; it is loaded with the first call, since it is slow to load and most sites have no use for it."""

import hashlib
from collections.abc import Callable
from functools import cache as once
from importlib import import_module

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt

from subscriptions.addresses import key_of
from subscriptions.bounces import Kind, Match, count, delivery_named
from subscriptions.models import BounceReport, Subscriber
from subscriptions.outcome import without_address
from subscriptions.reports import judge

CLASS_NAMES = {"mailersend": "MailerSend", "sendgrid": "SendGrid", "sparkpost": "SparkPost"}
KIND_OF_REASON = {
    "invalid": Kind.HARD,
    "bounced": Kind.HARD,
    "timed_out": Kind.SOFT,
    "blocked": Kind.OURS,
    "spam": Kind.OURS,
}
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError)  # of anymail, for a body it did not expect


@csrf_exempt
def report(request: HttpRequest, provider: str) -> HttpResponse:
    """Where the provider in use reports to: 200 when counted, 400 if it is not they or not readable. Others are not
    known here (404). An error of the database is a 500, after which providers call again."""
    if provider != settings.WEBHOOK_PROVIDER:
        raise Http404("No provider reports here.")
    view = _view(provider)
    try:
        return view(request)
    except UNREADABLE:
        return HttpResponseBadRequest("This cannot be read.")


@once
def _view(provider: str) -> Callable[[HttpRequest], HttpResponse]:
    from anymail.signals import tracking

    tracking.connect(_heard)
    name = CLASS_NAMES.get(provider, provider.capitalize())
    return getattr(import_module(f"anymail.webhooks.{provider}"), f"{name}TrackingWebhookView").as_view()


def _heard(sender, event, esp_name: str, **_signal) -> None:
    hear(event, esp_name)


def hear(event, provider: str) -> BounceReport | None:
    """Do what follows from one event (anymail's AnymailTrackingEvent); the report as it was counted."""
    found = _match(event)
    if not found:
        return None
    if event.event_type == "unsubscribed":
        found.subscriber.leave()
        return None
    said = f"{event.mta_response or ''} {event.description or ''}".strip()
    judged = _judged(event, said)
    if judged is None:
        return None
    kind, status = judged
    named = f"{provider} {event.event_id or ''} {event.message_id or ''} {event.event_type} {found.subscriber.pk}"
    detail = without_address(f"{provider}: {said}", found.subscriber.address)
    return count(found, kind, status, detail, identity=hashlib.sha256(named.encode()).hexdigest())


def _judged(event, said: str) -> tuple[Kind, str] | None:
    """What an event is; None for what is no trouble, or not yet (delivered, deferred, answered by a machine)."""
    if event.event_type == "complained":
        return Kind.COMPLAINT, ""
    if event.event_type not in ("bounced", "rejected", "failed"):
        return None
    kind, status = judge(said)
    if status and not status.endswith(".0"):
        return kind, status
    return KIND_OF_REASON.get(event.reject_reason, kind), status


def _match(event) -> Match | None:
    """Whom an event is about. The provider is known by its secret, so a name is proof enough."""
    delivery = delivery_named(str(event.message_id or ""))
    key = key_of(str(event.recipient or ""))
    if delivery and delivery.subscriber and delivery.subscriber.key == key:
        return Match(delivery.subscriber, delivery, is_proved=True)
    subscriber = Subscriber.objects.filter(key=key).first()
    return Match(subscriber, is_proved=True) if subscriber else None
