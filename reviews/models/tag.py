from django.db import models, transaction
from taggit.models import Tag

from config.slugs import FormerSlug


class FormerTagSlug(FormerSlug):
    """An address that a tag had before. Tags are django-taggit’s and remember nothing themselves."""

    target = models.ForeignKey(Tag, models.CASCADE, related_name="former_slugs")


def save_tag(tag: Tag) -> None:
    """Save a tag; an address that it leaves behind leads to it from then on."""
    before = Tag.objects.filter(pk=tag.pk).values_list("slug", flat=True).first()
    with transaction.atomic():
        tag.save()
        FormerTagSlug.objects.filter(slug=tag.slug).delete()
        if before not in (None, tag.slug):
            FormerTagSlug.objects.update_or_create(slug=before, defaults={"target": tag})
