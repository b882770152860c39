"""The editors' pages for opinion and publication, and what they add to the pages for films."""

from reviews.admin import authors, desk, films, front, publication, quotes, ratings, reviews, seasons

__all__ = ["authors", "desk", "films", "front", "publication", "quotes", "ratings", "reviews", "seasons"]
