"""Quotation marks, dashes and dots as a typesetter would set them, whatever was pasted."""

import re

_PAIRS = (
    ("“", "”"),
    ("„", "“"),
    ("«", "»"),
    ("»", "«"),
    ("‘", "’"),
    ('"', '"'),
    ("'", "'"),
    ("„", "”"),
    ("”", "”"),
)


def set_text(text: str) -> str:
    """Plain text with curly quotes and apostrophes, an ellipsis for three dots, and single spaces."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"(?<!\.)\.\.\.(?!\.)", "…", text)
    text = re.sub(r"(?<=\w)\s--?\s(?=\w)", " – ", text).replace("--", "–")
    text = re.sub(r"""(^|[\s(\[–—“‘-])"(?=\S)""", r"\1“", text).replace('"', "”")
    text = re.sub(r"(?<=\s)'(?=\d0s\b)|^'(?=\d0s\b)", "’", text)
    text = re.sub(r"""(^|[\s(\[–—“])'(?=\S)""", r"\1‘", text)
    return text.replace("'", "’")


def unquoted(text: str) -> str:
    """A quotation without the marks around it: the page sets its own. Marks inside are left alone."""
    text = text.strip()
    for opening, closing in _PAIRS:
        inner = text[len(opening) : -len(closing)]
        if len(text) > 2 and text.startswith(opening) and text.endswith(closing):
            if opening not in inner and closing not in inner.replace("’", "" if closing == "’" else "’"):
                return inner.strip()
    return text


def set_quotation(text: str) -> str:
    """A critic's words, typeset, without outer quotation marks; quotes inside become single ones.

    The page prints “…” around them, and a quotation inside double marks takes single ones."""
    return unquoted(set_text(unquoted(text))).replace("“", "‘").replace("”", "’")
