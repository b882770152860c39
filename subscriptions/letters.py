"""Letters: what our mails say. Personal ones here; mailings in subscriptions/snapshot.py and frame.py."""

from email.utils import make_msgid
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from reviews.models import Publication
from reviews.outside import absolute
from subscriptions import following
from subscriptions.addresses import masked
from subscriptions.frame import Frame, Letter, sender
from subscriptions.models import SignUp, Subscriber
from subscriptions.printing import printed
from subscriptions.snapshot import digest_content, listed, one_line, review_content, sender_of

__all__ = [
    "Frame",
    "Letter",
    "Links",
    "already_subscribed",
    "confirmation",
    "digest_content",
    "moved",
    "review_content",
    "send",
    "welcome",
]

MOST_NAMED = 3
WHAT_COMES = {
    Subscriber.Rhythm.EACH: "You get a letter whenever we publish a review",
    Subscriber.Rhythm.DAILY: "You get one letter a day with the new reviews, when there are any",
    Subscriber.Rhythm.WEEKLY: "You get one letter a week with the new reviews",
}


def confirmation(signup: SignUp) -> Letter:
    """Asks whoever owns the address whether they asked for mail, or for the move of theirs to it."""
    name = Publication.current().name
    subject = f"Use this address for {name}?" if signup.moves_id else f"Please confirm: letters from {name}"
    return _letter(
        "confirmation",
        subject,
        "One button, and nothing comes without it.",
        moving=signup.moves_id is not None,
        wish=_wish(signup),
        confirm=absolute(reverse("subscriptions:confirm", args=[signup.token])),
    )


def already_subscribed(subscriber: Subscriber, signup: SignUp) -> Letter:
    """Answers a sign-up of an address that gets mail already; what was to be followed is offered on the page it links to."""
    own = _own(subscriber)
    if signup.follow:
        own["letters"] += f"?{urlencode({'follow': signup.follow})}"
    return _letter(
        "already_subscribed",
        f"You get letters from {Publication.current().name} already",
        "Nothing has changed.",
        wish=_wish(signup),
        **own,
    )


def welcome(subscriber: Subscriber) -> Letter:
    """Says what will come, and where to change it."""
    return _letter(
        "welcome",
        f"Welcome to {Publication.current().name}",
        "What will come, and the page where you can change it.",
        **_own(subscriber),
    )


def moved(subscriber: Subscriber, old_address: str) -> Letter:
    """Tells the old address that letters go elsewhere now."""
    return _letter(
        "moved",
        f"Your letters from {Publication.current().name} have moved",
        "If that was not you, stop them here.",
        new_address=masked(subscriber.address),
        **_own(subscriber),
    )


def _wish(signup: SignUp) -> str:
    """What was asked for, by name; empty for everything."""
    followed = following.read(signup.follow) if signup.follow else None
    return followed.name if followed else ""


def _own(subscriber: Subscriber) -> dict[str, str]:
    only = f" of what you follow{_named(subscriber)}" if subscriber.only_followed else ""
    return {**Links().of(subscriber), "what": f"{WHAT_COMES[Subscriber.Rhythm(subscriber.rhythm)]}{only}."}


def _named(subscriber: Subscriber) -> str:
    """What a subscriber follows, as the end of a sentence: ": Claire Denis, France, the sea and 4 more"."""
    names = [one_line(followed.name) for _follow, followed in following.all_of(subscriber)]
    rest = len(names) - MOST_NAMED
    said = listed([*names[:MOST_NAMED], *([f"{rest} more"] if rest > 0 else [])])
    return f": {said}" if said else ""


def _letter(kind: str, subject: str, preheader: str, **context) -> Letter:
    subject = one_line(subject)
    context |= {"subject": subject, "preheader": preheader, "publication": sender_of(Publication.current())}
    return Letter(subject, *printed(kind, context))


def send(letter: Letter, to_address: str) -> None:
    """Send a letter to one person by the mailer for mail that somebody waits for. Raises what the mailer raises."""
    message = EmailMultiAlternatives(
        letter.subject,
        letter.text,
        str(sender(settings.DEFAULT_FROM_EMAIL, one_line(Publication.current().name))),
        to=[to_address],
        headers={
            "Auto-Submitted": "auto-generated",
            "Message-ID": make_msgid(domain=urlsplit(settings.SITE_URL).hostname),
        },
    )
    message.attach_alternative(letter.html, "text/html")
    message.send(using="default")


class Links:
    """The addresses in a mailing's mails; made once, so that those of a reader cost two signatures."""

    def __init__(self, identity: UUID | None = None):
        self.paths = {
            purpose: absolute(reverse(f"subscriptions:{purpose}", args=["TOKEN"])).split("TOKEN")
            for purpose in ("leave", "letters")
        }
        self.view = absolute(reverse("subscriptions:mailing", args=[identity])) if identity else ""

    def of(self, subscriber: Subscriber) -> dict[str, str]:
        """A subscriber's leave and letters, and the letter's own view."""
        own = {purpose: subscriber.token(purpose).join(path) for purpose, path in self.paths.items()}
        return {**own, "view": self.view}
