"""The pages an editor arranges: the home page and the seasons."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from config.http import public_page
from config.slugs import get_or_redirect
from films.pictures import credits_of
from reviews.front import Front, front_on_site
from reviews.models import Review, Season
from reviews.seasons import programme, seasons_by_time


@public_page
def home(request: HttpRequest) -> HttpResponse:
    """The home page that stands on the site."""
    return home_page(request, front_on_site())


def home_page(request: HttpRequest, front: Front) -> HttpResponse:
    """A home page as readers see it; the editors' preview prints the very same page."""
    context = {"lead": front.lead, "rows": front.rows, "picture_credits": front.picture_credits}
    return TemplateResponse(request, "reviews/home.html", context)


@public_page
def season_list(request: HttpRequest) -> HttpResponse:
    """All seasons: those that go on now, those to come, those without dates, those past."""
    groups = seasons_by_time()
    seasons = [season for group in groups for season in group.seasons]
    films = [season.film for season in seasons if season.film]
    context = {"groups": groups, "seasons": seasons, "picture_credits": credits_of(film.card_still for film in films)}
    return TemplateResponse(request, "reviews/season_list.html", context)


@public_page
def season_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One season: its introduction and its programme."""
    season, redirect = get_or_redirect(Season.objects.public(), slug)
    return redirect or season_page(request, season)


def season_page(request: HttpRequest, season: Season, reviews: QuerySet[Review] | None = None) -> HttpResponse:
    """A season as readers see it; the editors' preview prints the very same page, with the `reviews` they may see."""
    shown = programme(season, reviews)
    credits = credits_of(part.still for part in shown.parts)
    context = {"season": season, "programme": shown, "picture_credits": credits}
    return TemplateResponse(request, "reviews/season_detail.html", context)
