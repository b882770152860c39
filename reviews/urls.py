from django.urls import include, path

from reviews import catalogue, feeds, home, oembed, ratings, sitemaps, views
from reviews.archive import calendar
from reviews.archive import views as archive
from reviews.search.views import search_page, suggestions

review_urls = (
    [
        path("", archive.review_list, name="list"),
        path("<title:slug>/", views.review_detail, name="detail"),
    ],
    "reviews",
)
film_urls = (
    [
        path("", archive.film_list, name="list"),
        path("<title:slug>/", catalogue.film_detail, name="detail"),
    ],
    "films",
)
person_urls = (
    [
        path("", archive.person_list, name="list"),
        path("<title:slug>/", catalogue.person_detail, name="detail"),
    ],
    "people",
)
author_urls = (
    [
        path("", views.author_list, name="list"),
        path("<title:slug>/", views.author_detail, name="detail"),
    ],
    "authors",
)
season_urls = (
    [
        path("", home.season_list, name="list"),
        path("<title:slug>/", home.season_detail, name="detail"),
    ],
    "seasons",
)
tag_urls = ([path("<title:slug>/", views.tag_detail, name="detail")], "tags")


def feed_routes(kind: str, route: str, view) -> list:
    """One feed in each format: the ending of its address chooses."""
    return [path(f"{route}.{ending}", view, {"ending": ending}, name=f"{kind}-{ending}") for ending in feeds.GENERATORS]


feed_urls = (
    [
        *feed_routes("reviews", "reviews", feeds.site_feed),
        *feed_routes("author", "authors/<title:slug>", feeds.author_feed),
        *feed_routes("tag", "tags/<title:slug>", feeds.tag_feed),
        *feed_routes("director", "directors/<title:slug>", feeds.director_feed),
        *feed_routes("season", "seasons/<title:slug>", feeds.season_feed),
    ],
    "feeds",
)

urlpatterns = [
    path("", home.home, name="home"),
    path("reviews/", include(review_urls)),
    path("films/", include(film_urls)),
    path("people/", include(person_urls)),
    path("authors/", include(author_urls)),
    path("seasons/", include(season_urls)),
    path("tags/", include(tag_urls)),
    path("feeds/", include(feed_urls)),
    path("ratings/", ratings.rating_scale, name="ratings"),
    *calendar.urls,
    path("oembed", oembed.oembed, name="oembed"),
    *sitemaps.urls,
    path("search/", search_page, name="search"),
    path("search/suggest", suggestions, name="search-suggestions"),
    path("<title:slug>/", views.page_detail, name="page"),
]
