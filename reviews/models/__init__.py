from reviews.models.author import Author, AuthorPortrait, FormerAuthorSlug
from reviews.models.card import SocialCard
from reviews.models.content import ContentVersion
from reviews.models.front import FrontPage, FrontPick, FrontRow
from reviews.models.opinion import Capsule, CriticQuote
from reviews.models.publication import FormerPageSlug, Page, Publication
from reviews.models.publishing import State
from reviews.models.related import RelatedChoice
from reviews.models.review import FormerReviewSlug, Review, ReviewByline
from reviews.models.scale import RatingMeaning
from reviews.models.season import FormerSeasonSlug, Season, SeasonEntry
from reviews.models.tag import FormerTagSlug

__all__ = [
    "Author",
    "AuthorPortrait",
    "Capsule",
    "ContentVersion",
    "CriticQuote",
    "FormerAuthorSlug",
    "FormerPageSlug",
    "FormerReviewSlug",
    "FormerSeasonSlug",
    "FormerTagSlug",
    "FrontPage",
    "FrontPick",
    "FrontRow",
    "Page",
    "Publication",
    "RatingMeaning",
    "RelatedChoice",
    "Review",
    "ReviewByline",
    "Season",
    "SeasonEntry",
    "SocialCard",
    "State",
]
