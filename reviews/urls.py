from django.urls import include, path

from reviews import catalogue, views

review_urls = (
    [
        path("", views.review_list, name="list"),
        path("<title:slug>/", views.review_detail, name="detail"),
    ],
    "reviews",
)
film_urls = (
    [
        path("", catalogue.film_list, name="list"),
        path("<title:slug>/", catalogue.film_detail, name="detail"),
    ],
    "films",
)
person_urls = (
    [
        path("", catalogue.person_list, name="list"),
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
tag_urls = ([path("<title:slug>/", views.tag_detail, name="detail")], "tags")

urlpatterns = [
    path("", views.home, name="home"),
    path("reviews/", include(review_urls)),
    path("films/", include(film_urls)),
    path("people/", include(person_urls)),
    path("authors/", include(author_urls)),
    path("tags/", include(tag_urls)),
    path("<title:slug>/", views.page_detail, name="page"),
]
