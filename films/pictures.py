"""Whose pictures a page shows."""

from collections.abc import Iterable

from films.models import Still


def credits_of(stills: Iterable[Still | None]) -> list[str]:
    """The credit lines of the pictures on cards, each once, in the order of the page: its foot prints them, since
    a card has no room for a caption."""
    return list(dict.fromkeys(still.credit for still in stills if still))
