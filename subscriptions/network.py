"""Where a request comes from, and whether it looks like a browser's."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The reader's network address. Behind a proxy it is the last that X-Forwarded-For names: the proxy itself wrote
    that one, all before it may be invented. None if the server does not know."""
    said = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2] or said
    return _address(said.strip())


def _address(said: str) -> str | None:
    host = said.removeprefix("[").partition("]")[0] if said.startswith("[") else said
    if host.count(":") == 1:  # an IPv4 address with a port
        host = host.partition(":")[0]
    try:
        found: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)


def block_of(address: str | None) -> str:
    """The neighbourhood an address is counted with: the /24 of IPv4, the /64 of IPv6, which is one household."""
    if not address:
        return ""
    length = 64 if ":" in address else 24
    return str(ip_network(f"{address}/{length}", strict=False))


def looks_odd(request: HttpRequest) -> bool:
    """Whether a form was sent by something unlike a browser on our own page.

    Nothing is refused for it: odd senders are asked to press once more."""
    headers, own_hosts = request.headers, (request.get_host(), urlsplit(settings.SITE_URL).netloc)
    if "Sec-Fetch-Site" in headers:
        is_ours = headers["Sec-Fetch-Site"] == "same-origin"
    else:
        is_ours = "Origin" not in headers or _host(headers["Origin"]) in own_hosts
    return not (is_ours and headers.get("User-Agent") and headers.get("Accept-Language"))


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
