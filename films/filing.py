"""Under which words an index files a title: without its leading article, if it is one."""

from collections.abc import Collection

from config.alphabet import sort_key_from

ARTICLES = {
    "en": "the a an",
    "fr": "le la les l' un une",
    "de": "der die das den dem ein eine einen",
    "es": "el la los las un una unos unas",
    "it": "il lo la i gli le l' un uno una un'",
    "pt": "o a os as um uma",
    "nl": "de het een 't",
    "sv": "den det de en ett",
    "da": "den det de en et",
    "no": "den det de en et ei",
    "ca": "el la els les l' un una en",
    "ro": "un o niște",
    "hu": "a az egy",
    "yi": "der di dos",
}
SURE = frozenset(
    ["the", "a", "an", "le", "la", "les", "l'", "el", "las", "il", "gli", "der", "das", "het", "un", "une", "una"]
)
"""Articles that a title hardly ever begins with in another meaning, for titles whose language nobody knows. "Die",
"De", "O", "Lo" and "Los" are not among them: "Die Hard", "De Palma", "O Brother", "Lo and Behold", "Los Angeles"."""
ENGLISH_TOO = frozenset(["i"])
"""Articles with which the English title of a foreign film may well begin: "I Am Love"."""
ANY = frozenset(word for words in ARTICLES.values() for word in words.split())


def sort_title_from(title: str, language: str = "", original_title: str = "", spoken: Collection[str] = ()) -> str:
    """What an index files a title under: "L’Atalante" → "atalante". `language` is that of the original title, which
    is left empty where it is the title itself; where it is not known, the language that is `spoken` is a hint, if it
    is the only one."""
    base, *others = {code.partition("-")[0] for code in ([language] if language else spoken)} or [""]
    if language:
        return _filed(title, _articles(title, base, original_title))
    return _filed(title, _likely_articles(title, "" if others else base))


def possible_sort_titles(title: str) -> set[str]:
    """All that sort_title_from() could make of a title, whatever its language."""
    return {_filed(title, articles) for articles in (frozenset(), ANY)}


def _filed(title: str, articles: frozenset[str]) -> str:
    plain = title.strip().replace("’", "'")
    first, _space, rest = plain.partition(" ")
    elided = first[: first.find("'") + 1].lower()
    if elided in articles and len(plain) > len(elided) + 1:
        plain = plain[len(elided) :]
    elif first.lower() in articles and rest.strip():
        plain = rest
    return sort_key_from(plain)[:300]


def _articles(title: str, language: str, original_title: str) -> frozenset[str]:
    """The words that are articles at the head of a title of known language."""
    # A translated title is English; if it begins as the original does, it was perhaps not translated.
    is_original = not original_title or _first_word(title) == _first_word(original_title)
    own = ARTICLES.get(language, "").split() if is_original else []
    return frozenset((*own, *(ARTICLES["en"].split() if original_title else ["the"])))


def _likely_articles(title: str, spoken: str) -> frozenset[str]:
    """The words that are probably articles at the head of a title, in English or in the one language spoken, if only
    one is."""
    if spoken:
        return frozenset((*ARTICLES.get(spoken, "").split(), *ARTICLES["en"].split())) - ENGLISH_TOO
    first, second, *_rest = [*title.lower().split(), "", ""]
    return frozenset() if first == second else SURE  # "La La Land"


def _first_word(title: str) -> str:
    return title.replace("’", "'").partition(" ")[0].lower()
