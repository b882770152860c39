"""How the filters of an archive are printed."""

from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from config.templatetags.page_tags import page_address
from reviews.archive.menus import Archive, Menu

register = template.Library()


@register.simple_tag
def options(menu: Menu) -> SafeString:
    """The options of one filter, each with its count. Joined here: forty runs of a template loop take milliseconds."""
    return format_html_join(
        "",
        '<option value="{}"{}>{} ({})</option>',
        (
            (choice.value, SafeString(" selected") if choice.is_chosen else "", choice.label, f"{choice.count:,}")
            for choice in menu.choices
        ),
    )


@register.simple_tag(takes_context=True)
def archive_head(context, archive: Archive) -> SafeString:
    """What the head says of a page of an archive: its one address, its neighbours, and whether to keep it."""
    page, question = context["page"], archive.question
    ways = {"canonical": archive.canonical}
    if page.has_previous():
        ways["prev"] = page_address(context, page.previous_page_number())
    if page.has_next():
        ways["next"] = page_address(context, page.next_page_number())
    links = format_html_join(
        "\n", '<link rel="{}" href="{}{}">', ((rel, settings.SITE_URL, way) for rel, way in ways.items())
    )
    if question.is_for_crawlers and (page.object_list or not question.chosen):
        return links
    return format_html('{}\n<meta name="robots" content="noindex, follow">', links)
