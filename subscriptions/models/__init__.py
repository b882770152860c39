from subscriptions.models.consent import Consent, Wording
from subscriptions.models.delivery import Delivery
from subscriptions.models.follow import Follow
from subscriptions.models.mailing import Mailing, Release
from subscriptions.models.permit import SendingPermit
from subscriptions.models.sender import Pace, Sender
from subscriptions.models.signup import SignUp
from subscriptions.models.subscriber import Subscriber
from subscriptions.models.suppression import BounceReport, Suppression

__all__ = [
    "BounceReport",
    "Consent",
    "Delivery",
    "Follow",
    "Mailing",
    "Pace",
    "Release",
    "Sender",
    "SendingPermit",
    "SignUp",
    "Subscriber",
    "Suppression",
    "Wording",
]
