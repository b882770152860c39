"""Tags as readers find them. They are django-taggit’s and know neither their page nor where it was before."""

from django.urls import reverse
from taggit.models import Tag

from config.slugs import get_or_redirect
from reviews.models import FormerTagSlug
from reviews.search.finding import tags_in_use


def tag_address(tag: Tag) -> str:
    """Where the page of a tag is."""
    return reverse("tags:detail", args=[tag.slug])


def tag_or_redirect(slug: str):
    """The tag at this address, as get_or_redirect() gives it; one that no public review has is none."""
    return get_or_redirect(tags_in_use(), slug, former_slugs=FormerTagSlug, address_of=tag_address)
