"""Where Wagtail asks what the newsroom adds to it, and what it leaves out."""

from typing import Any

from django.contrib.auth.models import Permission
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from wagtail import hooks
from wagtail.snippets.models import register_snippet

from tocsin.desk import home, viewsets
from tocsin.desk.clippings import ClippingsViewSet
from tocsin.desk.imports.viewset import ImportsViewSet
from tocsin.desk.publication import PublicationViewSet
from tocsin.desk.readers.viewset import ReadersViewSet

NOT_OURS = frozenset({"documents", "explorer"})
OUR_HELP = frozenset({"keyboard-shortcuts-trigger"})

register_snippet(viewsets.TopicViewSet)
register_snippet(viewsets.MenuItemViewSet)
register_snippet(viewsets.AuthorViewSet)


@hooks.register("register_admin_viewset")
def screens() -> list[Any]:
    """Our menu items and their screens."""
    return [
        viewsets.PostsViewSet("content_postpage"),
        viewsets.PagesViewSet("content_plainpage"),
        viewsets.TellingsViewSet(),
        viewsets.DigestsViewSet(),
        ReadersViewSet(),
        ImportsViewSet(),
        PublicationViewSet(),
        ClippingsViewSet(),
    ]


@hooks.register("register_permissions")
def permissions() -> Any:
    """What Wagtail does not offer in *Groups* by itself."""
    return Permission.objects.filter(content_type__app_label="audience", codename="add_import")


@hooks.register("construct_main_menu")
def tidy_menu(request: HttpRequest, items: list[Any]) -> None:  # noqa: ARG001
    """Posts have their own list; documents are not part of a newsroom."""
    items[:] = [item for item in items if item.name not in NOT_OURS]


@hooks.register("construct_help_menu")
def tidy_help(request: HttpRequest, items: list[Any]) -> None:  # noqa: ARG001
    """Editors need not follow Wagtail's releases."""
    items[:] = [item for item in items if item.name in OUR_HELP]


@hooks.register("construct_homepage_panels")
def front_page(request: HttpRequest, panels: list[Any]) -> None:
    """What needs a person comes first."""
    if request.user.has_perm("courier.view_dispatch"):
        panels += [home.NeedsAPerson(), home.LastTellings()]


@hooks.register("construct_homepage_summary_items", order=1000)
def numbers(request: HttpRequest, items: list[Any]) -> None:
    """Posts and readers instead of pages, images and documents."""
    items[:] = [home.Posts(request), home.Readers(request)]


@hooks.register("insert_global_admin_css")
def style() -> str:
    """A few rules for our own screens, and our colour."""
    return format_html('<link rel="stylesheet" href="{}">', static("desk/newsroom.css"))
