"""Who may do what: the two groups every publication has, and what their members may do with which review.

"Editors" do everything editorial. "Authors" write: they see what readers see and what they sign, and change
what they sign until an editor has published it. The groups' permissions are what is written here, after every
`migrate`; who needs something else makes a group of another name."""

from django.contrib.auth.models import Group, Permission
from django.db.models import Exists, OuterRef, Q, QuerySet

from reviews.models import Author, Review, ReviewByline, State

EDITORS, AUTHORS = "Editors", "Authors"
ALL, WRITE, VIEW = ("view", "add", "change", "delete"), ("view", "add", "change"), ("view",)
_FACTS = {
    "films": ("film", "credit", "still", "filmcountry", "filmlanguage", "filmtitle", "certificate", "watchlink"),
    "people": ("person", "personname", "portrait"),
}
GRANTS: dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    EDITORS: [
        *((app, models, ALL) for app, models in _FACTS.items()),
        ("films", ("genre",), ALL),
        (
            "reviews",
            (
                *("review", "reviewbyline", "relatedchoice", "capsule", "criticquote"),
                *("author", "authorportrait", "page", "ratingmeaning"),
                *("season", "seasonentry", "frontpage", "frontrow", "frontpick"),
            ),
            ALL,
        ),
        ("reviews", ("review",), ("publish",)),
        ("reviews", ("publication",), ("view", "change")),
        ("taggit", ("tag",), ALL),
        ("subscriptions", ("mailing", "release"), WRITE),
        ("subscriptions", ("subscriber",), ("view", "change")),
        ("subscriptions", ("signup",), VIEW),
        ("subscriptions", ("suppression",), ("view", "add")),
    ],
    AUTHORS: [
        *((app, models, WRITE) for app, models in _FACTS.items()),
        ("films", ("genre",), VIEW),
        ("reviews", ("review", "reviewbyline", "criticquote"), WRITE),
        ("reviews", ("author", "season", "seasonentry", "frontpage", "frontrow", "frontpick"), VIEW),
    ],
}
UNPUBLISHED = (State.DRAFT, State.IN_REVIEW)


def ensure_roles(**_signal) -> None:
    """Make both groups, with exactly these permissions. Run after every migrate; safe to repeat."""
    for name, grants in GRANTS.items():
        wanted = Q()
        for app, models, verbs in grants:
            codenames = [f"{verb}_{model}" for verb in verbs for model in models]
            wanted |= Q(content_type__app_label=app, codename__in=codenames)
        group, _made = Group.objects.get_or_create(name=name)
        group.permissions.set(Permission.objects.filter(wanted))


def author_of(user) -> Author | None:
    """The author an account writes as, if it does."""
    return getattr(user, "author", None)


def may_publish(user) -> bool:
    """Whether somebody decides what readers see, and so may open and change every review."""
    return user.has_perm("reviews.publish_review")


def reviews_open_to(user) -> QuerySet[Review]:
    """The reviews somebody may open in the admin."""
    if may_publish(user):
        return Review.objects.all()
    mine = Exists(ReviewByline.objects.filter(review=OuterRef("pk"), author__user=user))
    public = Q(pk__in=Review.objects.published().values("pk"))
    return Review.objects.annotate(is_mine=mine).filter(Q(is_mine=True) | public)


def naming_open_reviews(user, entries: QuerySet) -> QuerySet:
    """Such rows with a `review` as name none, or one that somebody may open."""
    if may_publish(user):
        return entries
    return entries.filter(Q(review=None) | Q(review__in=reviews_open_to(user).values("pk")))


def reviews_to_preview(user) -> QuerySet[Review]:
    """The reviews that previews of other pages show to somebody: those readers see or may yet come to see."""
    return reviews_open_to(user).exclude(state=State.WITHDRAWN)


def may_open(user, review: Review) -> bool:
    """Whether somebody may look at a review."""
    return may_publish(user) or review.is_visible or _signs(user, review)


def may_write(user, review: Review) -> bool:
    """Whether somebody may change a review, apart from deciding whether readers see it."""
    return may_publish(user) or (review.state in UNPUBLISHED and _signs(user, review))


def _signs(user, review: Review) -> bool:
    if not hasattr(review, "is_mine"):
        review.is_mine = review.bylines.filter(author__user=user).exists()
    return review.is_mine
