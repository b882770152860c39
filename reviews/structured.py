"""Pages in the words of schema.org, for search engines: JSON-LD in one data block a page.

Which properties count is taken from Google's documentation of Review, Movie, Article, Breadcrumb and ProfilePage. What a
page does not print is not said either: a rating only where readers see it."""

import json
import re
from collections.abc import Iterable

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from taggit.models import Tag

from config.richtext import plain_text, word_count
from films.models import Film, Role
from people.models import Person
from reviews.models import Author, Publication, Review, Season
from reviews.outside import absolute, modified_at, picture_address, rating_figure

Data = dict[str, object]

_ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}
CAST_LENGTH = 10
PROPERTIES = {  # of a Movie, for groups of credits
    Role.DIRECTOR: "director",
    Role.WRITER: "author",
    Role.COMPOSER: "musicBy",
    Role.PRODUCER: "producer",
    Role.EDITOR: "editor",
    Role.ACTOR: "actor",
}


def data_block(*nodes: Data | None) -> SafeString:
    """The nodes as a script element of data, escaped as json_script() does: no text in it can end it."""
    graph = {"@context": "https://schema.org", "@graph": [without_empty(node) for node in nodes if node]}
    text = json.dumps(graph, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    return format_html('<script type="application/ld+json">{}</script>', SafeString(text))


def without_empty(value):
    """The same without properties that have no value: an empty one is worse than none."""
    if isinstance(value, dict):
        kept = {key: without_empty(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in ("", None, [], {})}
    if isinstance(value, list):
        return [without_empty(inner) for inner in value]
    return value


def _page(name: str, *slug: str) -> str:
    return absolute(reverse(name, args=slug))


# --- The publication ----------------------------------------------------------------------------


def organisation(publication: Publication) -> Data:
    """The publisher, in full; other nodes name it by its @id."""
    return {
        "@type": "Organization",
        "@id": organisation_id(),
        "name": publication.name,
        "url": _page("home"),
        "description": publication.description,
        "logo": absolute(publication.logo.url) if publication.logo else "",
        "sameAs": web_addresses(publication.links()),
    }


def organisation_id() -> str:
    return _page("home") + "#publisher"


def publisher(publication: Publication) -> Data:
    """The publisher as another node names it."""
    return {"@type": "Organization", "@id": organisation_id(), "name": publication.name, "url": _page("home")}


def web_site(publication: Publication) -> Data:
    """The site, and how it is searched."""
    return {
        "@type": "WebSite",
        "@id": site_id(),
        "name": publication.name,
        "alternateName": publication.tagline,
        "url": _page("home"),
        "inLanguage": "en-GB",
        "publisher": {"@id": organisation_id()},
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": absolute("/search/?q={search_term_string}")},
            "query-input": "required name=search_term_string",
        },
    }


def site_id() -> str:
    return _page("home") + "#site"


def page(kind: str, name: str, address: str, publication: Publication, *, description: str, items: Data | None) -> Data:
    """Any page as a part of the site: a WebPage, a CollectionPage of `items` …"""
    return {
        "@type": kind,
        "@id": address + "#page",
        "name": name,
        "url": address,
        "description": description,
        "inLanguage": "en-GB",
        "isPartOf": {"@id": site_id()},
        "publisher": publisher(publication),
        "mainEntity": items,
    }


def item_list(items: Iterable[tuple[str, str]], first: int = 1) -> Data | None:
    """What a page lists, as (name, address), numbered from `first`; None if that is nothing."""
    listed = [
        {"@type": "ListItem", "position": place, "name": name, "url": absolute(address)}
        for place, (name, address) in enumerate(items, first)
    ]
    return {"@type": "ItemList", "itemListElement": listed} if listed else None


def web_addresses(links: Iterable) -> list[str]:
    """The addresses among an editor's links that are pages, not mail."""
    return [link.url for link in links if re.match("https?://", link.url)]


def breadcrumb(*crumbs: tuple[str, str]) -> Data:
    """The way to a page, as the page prints it: (name, address) of each step. The last is the page itself, which
    needs no address."""
    steps: list[Data] = [
        {"@type": "ListItem", "position": place, "name": name, "item": absolute(address)}
        for place, (name, address) in enumerate(crumbs, 1)
    ]
    del steps[-1]["item"]
    return {"@type": "BreadcrumbList", "itemListElement": steps}


# --- Reviews ------------------------------------------------------------------------------------


def review_data(review: Review, credits: list, tags: Iterable[Tag], publication: Publication, image: str) -> Data:
    """A review on its own page. One whose rating readers do not see is told as an article about the film: Google
    takes no Review without a rating."""
    address, film = absolute(review.get_absolute_url()), movie(review.film, credits, image)
    figure = rating(review, publication)
    as_what = (
        {"@type": "Review", "itemReviewed": film, "reviewRating": figure}
        if figure
        else {"@type": "Article", "about": film}
    )
    return as_what | {
        "@id": address + "#review",
        "url": address,
        "headline": review.title,
        "description": review.standfirst,
        "image": image,
        "author": [author_named(author["name"], author["slug"]) for author in review.author_names],
        "publisher": publisher(publication),
        "datePublished": review.published_at.isoformat(),
        "dateModified": modified_at(review).isoformat(),
        "inLanguage": review.language or "en-GB",
        "wordCount": word_count(review.body),
        "keywords": [tag.name for tag in tags],
        "mainEntityOfPage": address,
    }


def author_named(name: str, slug: str) -> Data:
    return {"@type": "Person", "name": name, "url": _page("authors:detail", slug)}


def rating(review: Review, publication: Publication) -> Data | None:
    """The rating, if readers see it."""
    if not (figure := rating_figure(review, publication)):
        return None
    return {"@type": "Rating", "ratingValue": float(figure), "bestRating": 5, "worstRating": 0.5}


def review_in_short(review: Review, film: Film, publication: Publication) -> Data:
    """A review as the page of its film lists it."""
    return {
        "@type": "Review",
        "url": absolute(review.get_absolute_url()),
        "name": review.headline or film.title,
        "author": [author_named(author["name"], author["slug"]) for author in review.author_names],
        "publisher": publisher(publication),
        "datePublished": review.published_at.isoformat(),
        "description": review.standfirst,
        "inLanguage": review.language or "en-GB",
        "reviewRating": rating(review, publication),
    }


# --- Films and people ---------------------------------------------------------------------------


def movie(film: Film, credits: list, image: str) -> Data:
    """A film with its facts; `credits` are groups of Film.credits_by_role(), `image` stands for it without a still."""
    address = absolute(film.get_absolute_url())
    people = {PROPERTIES[role]: _named(group[:CAST_LENGTH]) for role, group in credits if role in PROPERTIES}
    return {
        "@type": "Movie",
        "@id": address + "#film",
        "name": film.title,
        "alternateName": film.alternate_titles,
        "url": address,
        "image": picture_address(film.card_still) if film.card_still else image,
        "dateCreated": f"{film.year:04}-01-01" if film.year else "",  # whole dates only are taken; we know the year
        "duration": f"PT{film.runtime}M" if film.runtime else "",
        "genre": film.genre_names,
        "countryOfOrigin": [{"@type": "Country", "name": name} for name in film.country_names],
        "sameAs": film_elsewhere(film),
    } | people


def _named(credits: list) -> list[Data]:
    return [
        {"@type": "Person", "name": credit.printed_name, "url": absolute(credit.person.get_absolute_url())}
        for credit in credits
    ]


def film_elsewhere(film: Film) -> list[str]:
    """The film in catalogues everybody knows."""
    return [
        *([f"https://www.imdb.com/title/{film.imdb_id}/"] if film.imdb_id else []),
        *([f"https://www.wikidata.org/wiki/{film.wikidata_id}"] if film.wikidata_id else []),
        *([f"https://www.themoviedb.org/movie/{film.tmdb_id}"] if film.tmdb_id else []),
    ]


def movie_with_reviews(
    film: Film, credits: list, reviews: Iterable[Review], publication: Publication, image: str
) -> Data:
    """A film on its own page, with those of our reviews whose rating the page shows: Google takes no others."""
    rated = [review for review in reviews if rating_figure(review, publication)]
    return movie(film, credits, image) | {
        "description": film.synopsis,
        "inLanguage": film.original_language,
        "review": [review_in_short(review, film, publication) for review in rated],
    }


def person_data(person: Person) -> Data:
    """Somebody who makes films."""
    address = absolute(person.get_absolute_url())
    return {
        "@type": "Person",
        "@id": address + "#person",
        "name": person.name,
        "alternateName": [other.name for other in person.other_names.all()],
        "url": address,
        "description": plain_text(person.bio),
        "image": picture_address(person.portrait) if hasattr(person, "portrait") else "",
        "birthDate": str(person.birth_year or ""),
        "deathDate": str(person.death_year or ""),
        "sameAs": person_elsewhere(person),
    }


def person_elsewhere(person: Person) -> list[str]:
    """The person in catalogues everybody knows."""
    return [
        *([f"https://www.imdb.com/name/{person.imdb_id}/"] if person.imdb_id else []),
        *([f"https://www.wikidata.org/wiki/{person.wikidata_id}"] if person.wikidata_id else []),
        *([f"https://www.themoviedb.org/person/{person.tmdb_id}"] if person.tmdb_id else []),
    ]


def author_profile(author: Author, publication: Publication) -> Data:
    """The page of one of our critics."""
    address = absolute(author.get_absolute_url())
    return {
        "@type": "ProfilePage",
        "url": address,
        "mainEntity": {
            "@type": "Person",
            "@id": address + "#author",
            "name": author.name,
            "url": address,
            "description": plain_text(author.bio),
            "image": picture_address(author.portrait) if hasattr(author, "portrait") else "",
            "sameAs": web_addresses(author.read_links()),
            "worksFor": None if author.has_left else publisher(publication),
        },
    }


# --- Seasons ------------------------------------------------------------------------------------


def season_data(season: Season, parts: Iterable, publication: Publication) -> Data:
    """A season on its own page: a list in its order; one with dates and a place is about a festival."""
    address = absolute(season.get_absolute_url())
    return {
        "@type": "CollectionPage",
        "@id": address + "#season",
        "name": season.title,
        "url": address,
        "description": season.standfirst,
        "inLanguage": "en-GB",
        "dateModified": season.changed_at.isoformat(),
        "publisher": publisher(publication),
        "about": festival(season),
        "mainEntity": item_list((part.title, part.url) for part in parts),
    }


def festival(season: Season) -> Data | None:
    """The event a season reports on; None unless we know when and where, which an event has to say."""
    if not (season.is_festival and season.place):
        return None
    return {
        "@type": "Festival",
        "name": season.title,
        "description": season.standfirst,
        "startDate": season.first_day.isoformat(),
        "endDate": season.final_day.isoformat(),
        "location": {"@type": "Place", "name": season.place, "address": season.place},
    }
