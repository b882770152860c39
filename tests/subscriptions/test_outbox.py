"""The mailbox of a demo."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives

from config.mail import OutboxBackend
from reviews.models import Publication
from subscriptions import letters, opt_in
from subscriptions.models import SignUp, Subscriber
from tests.factories import SignUpFactory, SubscriberFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/outbox/"


@pytest.fixture(autouse=True)
def demo(settings):
    settings.DEMO = True
    settings.MAILERS = {
        name: {"BACKEND": "config.mail.OutboxBackend", "OPTIONS": {"file_path": str(settings.OUTBOX)}}
        for name in ("default", "newsletter")
    }
    Publication(name="Second Reel").save()


@pytest.fixture
def editor(client):
    client.force_login(get_user_model().objects.create_user("editor", password="secret", is_staff=True))
    return client


def keep(subject: str, html: str = "<html><head></head><body><p>Rich</p></body></html>", text="Plain"):
    message = EmailMultiAlternatives(subject, text, to=["reader@home.example"])
    message.attach_alternative(html, "text/html")
    message.send(using="default")


def links(response) -> dict[str, str]:
    page = BeautifulSoup(response.content, "html.parser").find(id="content-main")
    return {link.text: link["href"] for link in page.find_all("a")}


def test_newest_mail_stands_first(editor):
    for subject in ("First", "Second", "Third"):
        keep(subject)

    assert list(links(editor.get(LIST))) == ["Third", "Second", "First"]


def test_empty_mailbox_says_so(editor):
    assert "No mail yet." in editor.get(LIST).text


def test_mail_is_shown_with_its_words_and_its_looks(editor):
    keep("Hello", text="Read http://testserver/reviews/ <b>")

    response = editor.get(links(editor.get(LIST))["Hello"])

    page = BeautifulSoup(response.content, "html.parser")
    assert page.pre.text.rstrip() == "Read http://testserver/reviews/ <b>"
    assert page.pre.a["href"] == "http://testserver/reviews/"
    assert "To reader@home.example" in page.find(id="content-main").p.text
    frame = editor.get(page.iframe["src"])
    assert "<p>Rich</p>" in frame.text
    assert '<base target="_top">' in frame.text


def test_frame_may_show_styles_and_our_pictures_and_nothing_else(editor):
    keep("Hello", html="<html><head></head><script>alert(1)</script></html>")
    shown = editor.get(links(editor.get(LIST))["Hello"])

    frame = editor.get(BeautifulSoup(shown.content, "html.parser").iframe["src"])

    policy = dict(part.strip().partition(" ")[::2] for part in frame.headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "'self' http://testserver/",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "allow-popups allow-top-navigation-by-user-activation",
    }
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-src 'self'" in shown.headers["Content-Security-Policy"]
    assert "unsafe" not in shown.headers["Content-Security-Policy"]


def test_desk_lists_the_newest_mails(editor):
    keep("Hello")

    assert "Sent mail" in editor.get("/admin/").text
    assert "Hello" in editor.get("/admin/").text


@pytest.mark.parametrize("page", ["", "{name}/", "{name}/html/"])
def test_outside_a_demo_there_is_no_mailbox(editor, settings, page):
    keep("Hello")
    [file] = settings.OUTBOX.iterdir()
    settings.DEMO = False

    assert editor.get(LIST + page.format(name=file.stem)).status_code == 404
    assert "Sent mail" not in editor.get("/admin/").text


@pytest.mark.parametrize("page", ["", "{name}/", "{name}/html/"])
def test_who_is_no_editor_is_asked_to_sign_in(client, settings, page):
    keep("Hello")
    [file] = settings.OUTBOX.iterdir()

    response = client.get(LIST + page.format(name=file.stem))

    assert (response.status_code, response.headers["Location"].partition("?")[0]) == (302, "/admin/login/")


@pytest.mark.parametrize("name", ["nothing", "..%2F..%2Fetc%2Fpasswd", "%00", "x" * 5000, "a.eml"])
def test_mail_that_is_not_there(editor, name):
    assert editor.get(f"{LIST}{name}/").status_code == 404


def test_broken_file_is_shown_as_far_as_it_goes(editor, settings):
    settings.OUTBOX.mkdir()
    (settings.OUTBOX / "broken.eml").write_bytes(
        b"Date: never\nSubject: \xff\nContent-Type: text/plain; charset=x\n\n\xff"
    )

    assert editor.get(LIST).status_code == 200
    assert editor.get(f"{LIST}broken/").status_code == 200
    assert editor.get(f"{LIST}broken/html/").status_code == 200


def test_files_are_whole_before_they_are_listed(settings):
    OutboxBackend(file_path=settings.OUTBOX).send_messages(
        [EmailMultiAlternatives("Hello", "Plain", to=["a@b.example"])]
    )

    assert [file.suffix for file in settings.OUTBOX.iterdir()] == [".eml"]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_newcomer_reads_the_mail_and_presses_its_button(browser_page, live_server, settings):
    settings.SITE_URL = live_server.url
    get_user_model().objects.create_user("owner", password="secret", is_staff=True, is_superuser=True)
    signup = SignUpFactory(address="newcomer@example.org")
    opt_in.write_due()
    page = browser_page

    page.goto("/admin/outbox/")
    page.fill("#id_username", "owner")
    page.fill("#id_password", "secret")
    page.click("input[type=submit], button[type=submit]")
    page.click("text=Please confirm")
    page.frame_locator("iframe").get_by_role("link", name="Confirm my address").click()
    page.wait_for_url("**/subscribe/confirm/**")
    page.get_by_role("main").get_by_role("button").click()

    page.wait_for_load_state()
    assert Subscriber.objects.get().address == "newcomer@example.org"
    assert SignUp.objects.get(pk=signup.pk).used_at


def test_letters_go_into_the_mailbox_as_they_would_go_out(settings):
    letters.send(letters.welcome(SubscriberFactory()), "reader@home.example")

    [file] = settings.OUTBOX.iterdir()
    assert b"Auto-Submitted: auto-generated" in file.read_bytes()
