"""What a combination of filters is called: "Reviews of French films of the 1970s, highest rated first"."""

from collections.abc import Mapping

from config.alphabet import PRINTED
from films.models import Role
from reviews.archive.address import Question, printed
from reviews.archive.index import Index

ORDERS = {  # as the form names them, and as a heading ends
    "newest": ("Newest", "newest first"),
    "oldest": ("Oldest", "oldest first"),
    "rated": ("Highest rated", "highest rated first"),
    "title": ("Film title", "by film title"),
    "year": ("Film year", "by film year"),
}
FILM_ORDERS = {
    "title": ("Title", "by title"),
    "newest": ("Newest film", "newest first"),
    "oldest": ("Oldest film", "oldest first"),
    "rated": ("Highest rated", "highest rated first"),
    "reviewed": ("Newest review", "newest review first"),
}

PEOPLE = {
    Role.DIRECTOR: "Directors",
    Role.WRITER: "Writers",
    Role.CINEMATOGRAPHER: "Cinematographers",
    Role.EDITOR: "Editors",
    Role.COMPOSER: "Composers",
    Role.PRODUCER: "Producers",
    Role.PRODUCTION_DESIGNER: "Production designers",
    Role.COSTUME_DESIGNER: "Costume designers",
    Role.SOUND: "People in sound",
    Role.SOURCE_AUTHOR: "Authors of the original works",
    Role.NARRATOR: "Narrators",
    Role.ACTOR: "Actors",
}

_ADJECTIVES = {
    "ar": "Argentine", "at": "Austrian", "au": "Australian", "be": "Belgian", "bg": "Bulgarian", "br": "Brazilian",
    "ca": "Canadian", "ch": "Swiss", "cl": "Chilean", "cn": "Chinese", "co": "Colombian", "cs": "Czechoslovak",
    "cu": "Cuban", "cz": "Czech", "dd": "East German", "de": "German", "dk": "Danish", "dz": "Algerian", "ee": "Estonian",
    "eg": "Egyptian", "es": "Spanish", "fi": "Finnish", "fr": "French", "gb": "British", "ge": "Georgian", "gr": "Greek",
    "hk": "Hong Kong", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "ie": "Irish", "il": "Israeli",
    "in": "Indian", "ir": "Iranian", "is": "Icelandic", "it": "Italian", "jp": "Japanese", "kr": "South Korean",
    "lb": "Lebanese", "lt": "Lithuanian", "lv": "Latvian", "ma": "Moroccan", "mx": "Mexican", "ng": "Nigerian",
    "nl": "Dutch", "no": "Norwegian", "nz": "New Zealand", "pe": "Peruvian", "ph": "Philippine", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "rs": "Serbian", "ru": "Russian", "se": "Swedish", "si": "Slovenian",
    "sk": "Slovak", "sn": "Senegalese", "su": "Soviet", "th": "Thai", "tn": "Tunisian", "tr": "Turkish",
    "tw": "Taiwanese", "ua": "Ukrainian", "us": "American", "vn": "Vietnamese", "yu": "Yugoslav", "za": "South African",
}  # fmt: skip


def films_called(index: Index, question: Question) -> str:
    """The films that are asked for, as a heading."""
    words = _films(index, question.chosen)
    heading = words[:1].upper() + words[1:]
    if "reviewed" in question.chosen:
        heading += " reviewed here"
    return _under_letter(", ".join([heading, *_remarks(index, question, FILM_ORDERS)]), question)


def people_called(question: Question) -> str:
    """The people who are asked for, as a heading."""
    role = question.chosen.get("role", "")
    heading = PEOPLE[role] if role else "People"
    if "reviewed" in question.chosen:
        heading += " of films reviewed here"
    return _under_letter(heading, question)


def _under_letter(heading: str, question: Question) -> str:
    letter = question.chosen.get("letter", "")
    return f"{heading}: {PRINTED[letter]}" if letter else heading


def _films(index: Index, chosen: Mapping[str, str]) -> str:
    """The films that are chosen: "French drama films in Japanese of the 1970s"; "films" if anything goes."""
    words = []
    if country := chosen.get("country", ""):
        words.append(_ADJECTIVES.get(country, ""))
    if genre := chosen.get("genre", ""):
        words.append(printed(index, "genre", genre).lower())
    if "film" not in " ".join(words):  # "French film noir"
        words.append("films")
    if country and country not in _ADJECTIVES:
        words.append(f"from {printed(index, 'country', country)}")
    if language := chosen.get("language", ""):
        words.append(f"in {printed(index, 'language', language)}")
    if period := chosen.get("decade", ""):
        words.append(f"of the {period}")
    if year := chosen.get("year", ""):
        words.append(f"of {year}")
    return " ".join(filter(None, words))


def reviews_called(index: Index, question: Question) -> str:
    """The reviews that are asked for, as a heading."""
    chosen = question.chosen
    words = "Reviews"
    if author := chosen.get("author", ""):
        words += f" by {printed(index, 'author', author)}"
    if chosen.keys() & {"country", "genre", "language", "decade", "year"}:
        words += f" of {_films(index, chosen)}"
    return ", ".join([words, *_remarks(index, question, ORDERS)])


def _remarks(index: Index, question: Question, orders: Mapping[str, tuple[str, str]]) -> list[str]:
    """What follows after a comma: "on “memory”", "rated 5 out of 5", "highest rated first"."""
    remarks = []
    if tag := question.chosen.get("tag", ""):
        remarks.append(f"on “{printed(index, 'tag', tag)}”")
    if rating := question.chosen.get("rating", ""):
        remarks.append(f"rated {printed(index, 'rating', rating)}")
    if question.order:
        remarks.append(orders[question.order][1])
    return remarks
