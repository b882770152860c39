from films.models.credit import Credit
from films.models.facts import Certificate, FilmCountry, FilmLanguage, Genre, WatchLink
from films.models.film import Film, FormerFilmSlug
from films.models.roles import Role
from films.models.still import Still
from films.models.titles import FilmTitle

__all__ = [
    "Certificate",
    "Credit",
    "Film",
    "FilmCountry",
    "FilmLanguage",
    "FilmTitle",
    "FormerFilmSlug",
    "Genre",
    "Role",
    "Still",
    "WatchLink",
]
