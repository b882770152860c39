"""Where a trailer is shown: nothing of that site is on our pages, so a reader is told before going there."""

from urllib.parse import urlsplit

NAMES = {
    "youtube.com": "YouTube",
    "youtu.be": "YouTube",
    "vimeo.com": "Vimeo",
    "dailymotion.com": "Dailymotion",
    "archive.org": "the Internet Archive",
}


def host_of(url: str) -> str:
    """The host of an address without "www." or "m.", empty if there is none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.").removeprefix("m.")


def site_name(url: str) -> str:
    """What people call the site an address leads to: its name if everybody knows it, else its host."""
    host = host_of(url)
    return NAMES.get(host, host)
