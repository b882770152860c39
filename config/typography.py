"""Quotation marks, dashes and dots as a typesetter would set them, whatever was pasted."""

import re

_NESTING = (("“", "”"), ("„", "“"), ("«", "»"), ("»", "«"), ("„", "”"))
_PLAIN = (('"', '"'), ("”", "”"))
_SINGLE = (("‘", "’"), ("'", "'"))
_SHORTENED = re.compile(
    r"""(?<!\w)['‘](?=
        \d0s\b                                          # the ’90s
        | \d\d\b(?![^'‘’]*['’](?!\w))                   # May ’68, but not ‘12 Angry Men’
        | (?:tis|twas|twere|em|til)\b | n['’](?!\w)     # ’tis, rock ’n’ roll
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_ENDS_A_WORD = re.compile(r"(?<!s)['’](?!\w)")


def set_text(text: str) -> str:
    """Plain text with curly quotes and apostrophes, an ellipsis for three dots, and single spaces."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"(?<!\.)\.\.\.(?!\.)", "…", text)
    text = re.sub(r"(?<=\w)\s--?\s(?=\w)", " – ", text).replace("--", "–")
    text = re.sub(r"""(^|[\s(\[–—“‘-])"(?=\S)""", r"\1“", text).replace('"', "”")
    text = _SHORTENED.sub("’", text)
    text = re.sub(r"""(^|[\s(\[–—“])'(?=\S)""", r"\1‘", text)
    return text.replace("'", "’")


def unquoted(text: str) -> str:
    """A quotation without the marks around it: the page sets its own. Marks inside are left alone."""
    text = text.strip()
    for opening, closing in (*_NESTING, *_PLAIN, *_SINGLE):
        if len(text) >= 2 and text.startswith(opening) and text.endswith(closing):
            inner = text[1:-1]
            if _is_whole(inner, opening, closing):
                return inner.strip()
    return text


def _is_whole(inner: str, opening: str, closing: str) -> bool:
    """Whether marks around these words belong together: “A” and “B” begins and ends with others."""
    if (opening, closing) in _PLAIN:
        return opening not in inner
    if (opening, closing) in _SINGLE:  # the closing mark is an apostrophe as well
        return "‘" not in inner and not _ENDS_A_WORD.search(inner)
    depth = 0
    for char in inner:
        depth += (char == opening) - (char == closing)
        if depth < 0:
            return False
    return depth == 0


def set_quotation(text: str) -> str:
    """A critic's words, typeset, without outer quotation marks; quotes inside become single ones.

    The page prints “…” around them, and a quotation inside double marks takes single ones."""
    while True:
        done = unquoted(set_text(unquoted(text))).replace("“", "‘").replace("”", "’")
        if done == text:
            return done
        text = done
