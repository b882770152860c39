"""Names of countries and languages from their codes."""

from functools import lru_cache

from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.core.validators import RegexValidator
from django_countries import countries

LANGUAGE_CODE = RegexValidator(
    r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
    "Use a language code such as fr, ja or zh-Hant (ISO 639-1).",
)


@lru_cache
def _names() -> dict[str, str]:
    return dict(Locale.parse(settings.LANGUAGE_CODE, sep="-").languages)


@lru_cache(maxsize=512)
def language_name(code: str) -> str:
    """The language's name in the publication's own language; the code itself if nobody knows it."""
    if (name := _names().get(code) or _names().get(code.replace("-", "_"))) is not None:
        return name
    try:
        return Locale.parse(code, sep="-").get_display_name(settings.LANGUAGE_CODE.replace("-", "_")) or code
    except (UnknownLocaleError, ValueError):
        return code


@lru_cache
def language_choices() -> list[tuple[str, str]]:
    """(code, name) of the languages with a two-letter code, by name."""
    return sorted(
        ((code, name) for code, name in _names().items() if len(code) == 2),
        key=lambda pair: pair[1],
    )


@lru_cache(maxsize=512)
def country_name(code: str) -> str:
    """The country's name; the code itself if nobody knows it."""
    return str(countries.name(code)) or code


_TAKE_AN_ARTICLE = {
    *("AE", "AX", "BS", "CC", "CD", "CF", "CK", "CZ", "DO", "FK", "FO", "GB", "IM", "KM"),
    *("KY", "MH", "MP", "MV", "NL", "PH", "SB", "SC", "SU", "TC", "US", "VG", "VI"),
}


def country_in_a_sentence(code: str) -> str:
    """The country's name as running text has it: "France", "the Netherlands"."""
    name = country_name(code).removesuffix(" (The)")
    return f"the {name}" if code in _TAKE_AN_ARTICLE else name


@lru_cache
def country_choices() -> list[tuple[str, str]]:
    """(code, name) of all countries, those that are gone included, by name."""
    return [(code, str(name)) for code, name in countries]


_OTHER_COUNTRY_NAMES = {
    "america": "US",
    "bosnia": "BA",
    "britain": "GB",
    "burma": "MM",
    "england": "GB",
    "great britain": "GB",
    "holland": "NL",
    "macedonia": "MK",
    "palestine": "PS",
    "scotland": "GB",
    "swaziland": "SZ",
    "turkey": "TR",
    "united states of america": "US",
    "us": "US",
    "ussr": "SU",
    "wales": "GB",
    "west germany": "DE",
}


@lru_cache
def _country_codes() -> dict[str, str]:
    """Every name we know for a country, in small letters, and its code."""
    english = Locale("en").territories
    names = {english[code].casefold(): code for code in countries.countries if code in english}
    names |= {str(name).casefold(): code for code, name in countries.countries.items() if isinstance(name, str)}
    return _OTHER_COUNTRY_NAMES | names | {name.casefold(): code for code, name in country_choices()}


def country_code(text: str) -> str | None:
    """The code of a country given by code or by name ("Cameroon" → "CM"); None if we know none such."""
    text = text.strip()
    if text.upper() in dict(country_choices()):
        return text.upper()
    return _country_codes().get(text.casefold())
