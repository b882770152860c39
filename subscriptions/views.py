"""The doors of the newsletter: signing up, confirming, choosing, leaving.

Pages without a secret in their address are the same for everybody. The others are found by their secret alone: no
cookie is needed, and so no token against forged forms either."""

from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from config.http import public_page
from subscriptions import following, opt_in, privacy, tasks, upcoming
from subscriptions import preferences as choices
from subscriptions.addresses import masked
from subscriptions.forms import (
    MoveForm,
    OwnAddressForm,
    PauseForm,
    RhythmForm,
    SignUpForm,
    passes_second_step,
    second_step,
)
from subscriptions.models import Consent, SignUp, Subscriber
from subscriptions.network import client_address, looks_odd

NOT_VALID = 422
TRY_AGAIN_SECONDS = 60 * 60
FOR_NOBODY_ELSE = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}
SECRET_ADDRESS = FOR_NOBODY_ELSE | {"Referrer-Policy": "no-referrer"}


class SeeOther(HttpResponseRedirect):
    """After a form was acted on: the page to look at now."""

    status_code = 303


# --- Signing up


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form, the same for every reader; and what it is sent to, from here and from the panel of other pages."""
    return _asked(request) if request.method == "POST" else _form(request)


@public_page
def _form(request: HttpRequest) -> HttpResponse:
    followed = following.read(request.GET.get("follow", ""))
    return TemplateResponse(request, "subscriptions/subscribe.html", {"followed": followed})


@public_page
def sent(request: HttpRequest) -> HttpResponse:
    """What everybody is told who typed an address, whatever we know of it."""
    return TemplateResponse(request, "subscriptions/sent.html")


def _asked(request: HttpRequest) -> HttpResponse:
    form = SignUpForm(request.POST)
    if not form.is_valid():
        return _form_again(request, "subscribe", form, status=NOT_VALID)
    if form.meant:
        return _form_again(request, "meant", form)
    match _answer(request, form.cleaned_data):
        case opt_in.Answer.ONCE_MORE:
            return _form_again(request, "once_more", form, step=second_step(form.cleaned_data["email"]))
        case opt_in.Answer.TOO_MANY:
            response = _form_again(request, "too_many", form, status=429)
            response.headers["Retry-After"] = str(TRY_AGAIN_SECONDS)
            return response
    tasks.nudge_sign_ups()
    return SeeOther(reverse("subscriptions:sent"))


def _answer(request: HttpRequest, data: dict) -> opt_in.Answer:
    is_sure = passes_second_step(data["step"], data["email"])
    if not is_sure and (data["homepage"] or looks_odd(request)):
        return opt_in.Answer.ONCE_MORE
    where = {"page": data["page"], "network": client_address(request)}
    return opt_in.ask(opt_in.Asked(data["email"], data["follow"], sure=is_sure, **where))


def _form_again(request, name: str, form: SignUpForm, status: int = 200, **context) -> HttpResponse:
    """A page of the form with what was typed."""
    context |= {"form": form, "followed": getattr(form, "followed", None), "began": form.data.get("page", "")}
    return TemplateResponse(request, f"subscriptions/{name}.html", context, status=status, headers=FOR_NOBODY_ELSE)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail: a button, for programs that look at mail open links by themselves."""
    signup = SignUp.from_token(token)
    if signup is None:
        return _secret_page(request, "confirm_gone", {"signup": None}, status=404)
    if request.method == "POST":
        if subscriber := opt_in.confirm(signup, client_address(request)):
            tasks.nudge_sign_ups()
            return _to_letters(subscriber, "moved" if signup.moves_id else "welcome")
        signup.refresh_from_db()
    is_refused = request.method == "POST"
    if is_refused or not signup.is_open():
        return _secret_page(request, "confirm_gone", {"signup": signup}, status=410)
    context = {
        "signup": signup,
        "address": masked(signup.address),
        "followed": following.read(signup.follow),
        "is_reader": Subscriber.objects.confirmed().filter(key=signup.key).exists(),
    }
    return _secret_page(request, "confirm", context)


# --- The secret addresses of a subscriber


def holder(purpose: str):
    """A view for whoever holds the subscriber's token for this purpose; it is given the subscriber. Any other token
    gets a page that says what may have happened to it."""

    def decorate(view):
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, token: str) -> HttpResponse:
            subscriber = Subscriber.from_token(token, purpose)
            if subscriber is None and purpose == "leave":
                subscriber = Subscriber.from_former_token(token)
            if subscriber is None:
                return _secret_page(request, "unknown", {}, status=404)
            return view(request, subscriber)

        return answer

    return decorate


def _secret_page(request, name: str, context: dict, status: int = 200) -> HttpResponse:
    response = TemplateResponse(request, f"subscriptions/{name}.html", context, status=status, headers=SECRET_ADDRESS)
    response._has_been_logged = True  # what readers mistype is no fault of the site
    return response


@holder("leave")
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """One button; or none, for the mail program that does it for its reader (RFC 8058)."""
    network = client_address(request)
    if "List-Unsubscribe" in request.POST:
        choices.leave(subscriber, network, "One click in the mail program (RFC 8058)")
        return HttpResponse("You get no more letters.\n", content_type="text/plain", headers=SECRET_ADDRESS)
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return HttpResponsePermanentRedirect(f"{settings.SITE_URL}{request.path}")
    if request.method == "POST":
        if "undo" in request.POST:
            choices.come_back(subscriber, network)
        else:
            choices.leave(subscriber, network, "Button behind the link in a letter")
        return SeeOther(request.path)  # not the newest link: whoever holds a former one is given no other
    context = {"subscriber": subscriber, "can_come_back": choices.can_come_back(subscriber)}
    return _secret_page(request, "leave", context)


@holder("letters")
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """What comes, when, and about what; everything a subscriber can change."""
    if request.method != "POST":
        return _letters_page(request, subscriber)
    form = RhythmForm(request.POST, instance=subscriber)
    if not form.is_valid():
        subscriber.refresh_from_db()
        return _letters_page(request, subscriber, rhythm=form, status=NOT_VALID)
    said = f"{form.save().get_rhythm_display()}{', only what they follow' if subscriber.only_followed else ''}"
    choices.note(subscriber, Consent.What.CHANGED, "/letters/", client_address(request), said)
    return _to_letters(subscriber, "saved")


def _letters_page(request: HttpRequest, subscriber: Subscriber, status: int = 200, **forms) -> HttpResponse:
    asked = request.GET.get("q", "")
    follows = following.all_of(subscriber)
    context = {
        "subscriber": subscriber,
        "token": subscriber.token("letters"),
        "leave_token": subscriber.token("leave"),
        "done": request.GET.get("done", ""),
        "rhythm": RhythmForm(instance=subscriber),
        "move": MoveForm(subscriber=subscriber),
        "own": OwnAddressForm(subscriber=subscriber),
        "pauses": choices.PAUSES,
        "follows": follows,
        "followed_words": {followed.word for _row, followed in follows},
        "offered": following.read(request.GET.get("follow", "")),
        "asked": asked,
        "found": following.find(asked),
        "next": upcoming.next_letter(subscriber),
        "time_zone": settings.TIME_ZONE,
        "can_come_back": choices.can_come_back(subscriber),
    }
    return _secret_page(request, "letters", context | forms, status=status)


def _to_letters(subscriber: Subscriber, done: str, part: str = "") -> SeeOther:
    return SeeOther(f"{_address(subscriber)}?done={done}{part}")


def _address(subscriber: Subscriber) -> str:
    return reverse("subscriptions:letters", args=[subscriber.token("letters")])


def pressed(view):
    """A view that acts on a form of the page of letters. Who comes without one, by a reload or from the address bar
    after a fault was shown here, is led to that page."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def answer(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
        return view(request, subscriber) if request.method == "POST" else SeeOther(_address(subscriber))

    return answer


@holder("letters")
@pressed
def follow(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Follow somebody or something more."""
    followed = following.read(request.POST.get("what", ""))
    if followed is None:
        return _letters_page(request, subscriber, problem="unknown", status=NOT_VALID)
    if not following.add(subscriber, followed):
        return _letters_page(request, subscriber, problem="too many", status=NOT_VALID)
    return _to_letters(subscriber, "followed", "#follows")


@holder("letters")
@pressed
def unfollow(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Follow somebody or something no longer; what is not followed, or not there, is no fault."""
    if followed := following.read(request.POST.get("what", "")):
        subscriber.follows.filter(**{followed.kind: followed.value}).delete()
    return _to_letters(subscriber, "unfollowed", "#follows")


@holder("letters")
@pressed
def pause(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """No letters for some weeks, or letters again."""
    form = PauseForm(request.POST)
    if not form.is_valid():
        return _letters_page(request, subscriber, problem="pause", status=NOT_VALID)
    weeks = form.cleaned_data["weeks"]
    choices.pause(subscriber, weeks)
    return _to_letters(subscriber, "paused" if weeks else "resumed")


@holder("letters")
@pressed
def move(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Letters to another address: a mail asks there, and the answer here is the same whosever it is."""
    form = MoveForm(request.POST, subscriber=subscriber)
    if not form.is_valid():
        return _letters_page(request, subscriber, move=form, status=NOT_VALID)
    if form.meant:
        return _letters_page(request, subscriber, move=form, meant=form.meant)
    asked = opt_in.Asked(form.cleaned_data["email"], network=client_address(request), sure=True, moves=subscriber)
    if opt_in.ask(asked) is opt_in.Answer.TOO_MANY:
        return _letters_page(request, subscriber, problem="network", status=429)
    tasks.nudge_sign_ups()
    return _to_letters(subscriber, "asked")


@holder("letters")
@pressed
def download(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Everything held, as a file, for who types the address: a letter may have been passed on."""
    form = OwnAddressForm(request.POST, subscriber=subscriber)
    if not form.is_valid():
        return _letters_page(request, subscriber, own=form, status=NOT_VALID)
    attached = {"Content-Disposition": 'attachment; filename="held-about-me.json"'}
    options = {"indent": 2, "ensure_ascii": False}
    return JsonResponse(
        privacy.everything_about(subscriber), json_dumps_params=options, headers=SECRET_ADDRESS | attached
    )


@holder("letters")
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Says what will be gone, and with a second button deletes it, at once."""
    if request.method != "POST":
        context = {"subscriber": subscriber, "token": subscriber.token("letters")}
        return _secret_page(request, "erase", context)
    privacy.erase(subscriber)
    return _secret_page(request, "erased", {})
