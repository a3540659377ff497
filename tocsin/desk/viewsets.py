"""How the newsroom's menu and screens are put together: posts, topics, authors, tellings. The publication has its own file."""

from typing import Any

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.ui.tables.pages import PageStatusColumn
from wagtail.admin.views.pages.listing import IndexView
from wagtail.admin.viewsets.pages import PageListingViewSet
from wagtail.snippets.views.snippets import SnippetViewSet

from tocsin.content.models import Author, MenuItem, PlainPage, PostPage, Topic
from tocsin.content.screens import PermittedViewSet
from tocsin.desk import steering, views
from tocsin.desk.digests.views import DigestAsMailView, DigestsView

TITLE_COLUMNS = [column for column in PageListingViewSet.columns if column.name in {"bulk_actions", "title"}]
STATUS_COLUMNS = [
    DateColumn("latest_revision_created_at", label=_("Edited"), sort_key="latest_revision_created_at", width="14%"),
    PageStatusColumn("status", label=_("Status"), sort_key="live", width="10%"),
]


class PostsView(IndexView):
    """The list of posts, with how often each was read."""

    def annotate_queryset(self, pages: Any) -> Any:
        return super().annotate_queryset(pages).prefetch_related("readership")


class PostsViewSet(PageListingViewSet):
    """Posts, flat: nobody has to know of a page tree."""

    model = PostPage
    icon = "doc-full"
    menu_label = _("Posts")
    menu_order = 50
    add_to_admin_menu = True
    index_view_class = PostsView
    columns = [
        *TITLE_COLUMNS,
        Column("views", label=_("Read"), sort_key="readership__views", width="8%"),
        Column("kind", label=_("Kind"), accessor="get_kind_display", sort_key="kind", width="8%"),
        DateColumn("shown_at", label=_("Published"), sort_key="first_published_at", width="14%"),
        *STATUS_COLUMNS,
    ]


class PagesViewSet(PageListingViewSet):
    """Pages that are no news."""

    model = PlainPage
    icon = "doc-empty"
    menu_label = _("Pages")
    menu_order = 60
    add_to_admin_menu = True
    columns = [*TITLE_COLUMNS, *STATUS_COLUMNS]


class MenuItemViewSet(SnippetViewSet):
    """What the masthead and the foot of every page link to."""

    model = MenuItem
    icon = "list-ul"
    menu_label = _("Menus")
    menu_name = "menus"
    menu_order = 20
    add_to_settings_menu = True
    list_display = ["label", "get_place_display"]
    list_filter = ["place"]
    sort_order_field = "sort_order"
    copy_view_enabled = False


class TopicViewSet(SnippetViewSet):
    """What posts are filed under."""

    model = Topic
    icon = "tag"
    menu_label = _("Topics")
    menu_order = 210
    add_to_admin_menu = True
    list_display = ["name", "slug"]
    search_fields = ["name"]
    copy_view_enabled = False


class AuthorViewSet(SnippetViewSet):
    """Who writes."""

    model = Author
    icon = "user"
    menu_label = _("Authors")
    menu_order = 220
    add_to_admin_menu = True
    list_display = ["name", "role"]
    search_fields = ["name"]
    copy_view_enabled = False


class TellingsViewSet(PermittedViewSet):
    """Who was told what."""

    name = "tellings"
    permission = "courier.view_dispatch"
    icon = "mail"
    menu_label = _("Tellings")
    menu_order = 230
    add_to_admin_menu = True

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", views.TellingsView.as_view(), name="index"),
            path("<int:pk>/", views.TellingView.as_view(), name="one"),
            path("<int:pk>/<slug:step>/", steering.SteerView.as_view(), name="steer"),
            path("again/<int:pk>/", views.TellAgainView.as_view(), name="again"),
        ]


class DigestsViewSet(PermittedViewSet):
    """Who gets digests, and the next one."""

    name = "digests"
    permission = "courier.view_dispatch"
    icon = "calendar-alt"
    menu_label = _("Digests")
    menu_order = 232
    add_to_admin_menu = True

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", DigestsView.as_view(), name="index"),
            path("mail/", DigestAsMailView.as_view(), name="mail"),
        ]
