from films.models.credit import Credit
from films.models.facts import Certificate, FilmCountry, FilmLanguage, Genre, WatchLink
from films.models.film import Film, FormerFilmSlug
from films.models.roles import Role
from films.models.still import Still

__all__ = [
    "Certificate",
    "Credit",
    "Film",
    "FilmCountry",
    "FilmLanguage",
    "FormerFilmSlug",
    "Genre",
    "Role",
    "Still",
    "WatchLink",
]
