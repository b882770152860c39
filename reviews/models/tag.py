from django.db import models
from taggit.models import Tag

from config.slugs import FormerSlug, free_slug


class FormerTagSlug(FormerSlug):
    """An address that a tag had before. Tags are django-taggit’s and remember nothing themselves."""

    target = models.ForeignKey(Tag, models.CASCADE, related_name="former_slugs")


def keep_addresses(sender, instance: Tag, **kwargs) -> None:
    """Before a tag is saved: give it an address where django-taggit, which knows Latin letters only, finds none; and
    have one that it leaves behind lead to it from then on."""
    instance.slug = instance.slug or free_slug(Tag, instance.name, but=instance.pk)
    FormerTagSlug.objects.filter(slug=instance.slug).delete()
    before = Tag.objects.filter(pk=instance.pk).values_list("slug", flat=True).first() if instance.pk else None
    if before and before != instance.slug:
        FormerTagSlug.objects.update_or_create(slug=before, defaults={"target": instance})
