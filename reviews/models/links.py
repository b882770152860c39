from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models

_check_url = URLValidator(schemes=["https", "http", "mailto"])


@dataclass(frozen=True)
class Link:
    """A name and where it leads."""

    name: str
    url: str


def read_links(text: str) -> list[Link]:
    """The links of a text with one "Name: https://…" a line; raises ValidationError naming the faulty line."""
    links = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, url = line.strip().partition(":")
        name, url = name.strip(), url.strip()
        try:
            if not (colon and name and url):
                raise ValidationError("")
            if not (url.startswith("mailto:") and "@" in url):
                _check_url(url)
        except ValidationError:
            raise ValidationError(
                f"Line {number}: write a name, a colon and an address, for example “Mastodon: https://social.example/@us”."
            ) from None
        links.append(Link(name, url))
    return links


def validate_links(text: str) -> None:
    """Refuse text that read_links() cannot read."""
    read_links(text)


class LinkLinesField(models.TextField):
    """Links as an editor types them: one "Name: https://…" a line."""

    default_validators = (validate_links,)

    def __init__(self, *args, **kwargs):
        super().__init__(
            *args,
            **({"help_text": "One a line: a name, a colon and an address."} | kwargs),
        )
