"""Reading the pages of subscriptions as their readers do."""

from bs4 import BeautifulSoup

BROWSER = {"User-Agent": "Mozilla/5.0", "Accept-Language": "fr", "Sec-Fetch-Site": "same-origin"}


def at(subscriber, part=""):
    """The path of a subscriber's own page, or of a form on it."""
    return f"/letters/{subscriber.token('letters')}/{part}"


def text_of(response):
    """What a page says, on one line."""
    return " ".join(BeautifulSoup(response.content, "html.parser").main.get_text(" ").split())


def form_of(response, action="/subscribe/"):
    """The fields of a form on a page, as a browser would send them untouched."""
    form = BeautifulSoup(response.content, "html.parser").find("form", action=action, method="post")
    fields = form.find_all("input", attrs={"name": True})
    sent = [field for field in fields if field.get("type") != "radio" or field.has_attr("checked")]
    return {field["name"]: field.get("value", "") for field in sent}


def offers(response, part):
    """What the buttons of a form send: "follow" or "unfollow"."""
    page = BeautifulSoup(response.content, "html.parser")
    return [button["value"] for button in page.select(f"form[action$='/{part}/'] button[name=what]")]
