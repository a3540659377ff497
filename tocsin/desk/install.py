"""What an empty, migrated database needs before it is a newsroom. Idempotent; run by every first start."""

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.text import slugify
from wagtail.models import Locale, Page, Site

from tocsin.audience.actions import mirror_followable
from tocsin.audience.models import Followable, Publication
from tocsin.content.models import StreamPage
from tocsin.lib import config
from tocsin.lib.addresses import key_check

_WRITERS_MAY = ("content.add_topic", "content.change_topic", "content.add_author", "content.change_author")
_WHAT_GROUPS_MAY = {
    "Editors": (*_WRITERS_MAY, "courier.view_dispatch"),
    "Moderators": (
        *_WRITERS_MAY,
        "content.delete_topic",
        "content.delete_author",
        "courier.view_dispatch",
        "simple_translation.submit_translation",
        "audience.change_publication",
        "audience.add_import",
        "audience.view_subscriber",
        "audience.add_subscriber",
        "audience.change_subscriber",
        "audience.export_subscriber",
        "content.add_menuitem",
        "content.change_menuitem",
        "content.delete_menuitem",
    ),
}
"""Besides what Wagtail gives its two groups: Editors write and submit, Moderators publish."""


@transaction.atomic
def install(*, name: str, sender_email: str, time_zone: str = "UTC", language: str = "en") -> Publication:
    """Make the publication, its stream page as the site's root, and what everyone can follow."""
    publication, created = Publication.objects.get_or_create(
        defaults={
            "name": name,
            "sender_email": sender_email,
            "time_zone": time_zone,
            "language": language,
            "address_key_check": key_check(config.current().address_key),
        }
    )
    if created:
        mirror_followable(Followable.Kind.EVERYTHING, "", "Everything")
        _make_stream(name, language)
        _let_staff_work()
    return publication


def _make_stream(name: str, language: str) -> None:
    locale, _ = Locale.objects.get_or_create(language_code=language)
    root = Page.get_first_root_node()
    ContentType.objects.clear_cache()
    Page.objects.filter(depth=2, slug="home").delete()
    root = Page.objects.get(pk=root.pk)
    stream = root.add_child(instance=StreamPage(title=name, slug=slugify(name) or "home", locale=locale))
    Site.objects.all().delete()
    Site.objects.create(hostname="localhost", root_page=stream, is_default_site=True, site_name=name)


def _let_staff_work() -> None:
    for name, permissions in _WHAT_GROUPS_MAY.items():
        group, _ = Group.objects.get_or_create(name=name)
        for permission in permissions:
            app, _, codename = permission.partition(".")
            group.permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
