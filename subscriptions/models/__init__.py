from subscriptions.models.consent import Consent, Wording
from subscriptions.models.delivery import Delivery
from subscriptions.models.follow import Follow
from subscriptions.models.mailing import Mailing, Release
from subscriptions.models.permit import SendingPermit
from subscriptions.models.sender import Pace, Reception, Sender
from subscriptions.models.signup import Attempt, SignUp
from subscriptions.models.subscriber import FormerSecret, Subscriber
from subscriptions.models.suppression import BounceReport, Departure, Suppression

__all__ = [
    "Attempt",
    "BounceReport",
    "Consent",
    "Delivery",
    "Departure",
    "Follow",
    "FormerSecret",
    "Mailing",
    "Pace",
    "Reception",
    "Release",
    "Sender",
    "SendingPermit",
    "SignUp",
    "Subscriber",
    "Suppression",
    "Wording",
]
