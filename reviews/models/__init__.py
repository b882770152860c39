from reviews.models.author import Author, AuthorPortrait, FormerAuthorSlug
from reviews.models.card import SocialCard
from reviews.models.content import ContentVersion
from reviews.models.opinion import Capsule, CriticQuote
from reviews.models.publication import Page, Publication
from reviews.models.publishing import State
from reviews.models.review import FormerReviewSlug, Review, ReviewByline

__all__ = [
    "Author",
    "AuthorPortrait",
    "Capsule",
    "ContentVersion",
    "CriticQuote",
    "FormerAuthorSlug",
    "FormerReviewSlug",
    "Page",
    "Publication",
    "Review",
    "ReviewByline",
    "SocialCard",
    "State",
]
