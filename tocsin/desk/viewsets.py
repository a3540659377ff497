"""How the newsroom's menu and screens are put together: posts, topics, authors, tellings, the publication."""

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.menu import MenuItem as AdminMenuItem
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.ui.tables.pages import PageStatusColumn
from wagtail.admin.views import generic
from wagtail.admin.views.pages.listing import IndexView
from wagtail.admin.viewsets.base import ViewSet
from wagtail.admin.viewsets.pages import PageListingViewSet
from wagtail.snippets.views.snippets import SnippetViewSet

from tocsin.audience import pace, turns
from tocsin.audience.models import Publication
from tocsin.audience.queries import publication
from tocsin.content import actions
from tocsin.content.models import Author, MenuItem, PlainPage, PostPage, StreamPage, Topic
from tocsin.desk import steering, views, zones
from tocsin.desk.digests.views import DigestAsMailView, DigestsView

TITLE_COLUMNS = [column for column in PageListingViewSet.columns if column.name in {"bulk_actions", "title"}]
STATUS_COLUMNS = [
    DateColumn("latest_revision_created_at", label=_("Edited"), sort_key="latest_revision_created_at", width="14%"),
    PageStatusColumn("status", label=_("Status"), sort_key="live", width="10%"),
]


class PermittedItem(AdminMenuItem):
    """A menu item for those who may use what it leads to."""

    permission: ClassVar[str]

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(self.permission))


class TellingsItem(PermittedItem):
    """Tellings, in the menu."""

    permission = "courier.view_dispatch"


class PublicationItem(PermittedItem):
    """The publication, in the menu."""

    permission = "audience.change_publication"


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


class TellingsViewSet(ViewSet):
    """Who was told what."""

    name = "tellings"
    menu_item_class = TellingsItem
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


class DigestsViewSet(ViewSet):
    """Who gets digests, and the next one."""

    name = "digests"
    menu_item_class = TellingsItem
    icon = "calendar-alt"
    menu_label = _("Digests")
    menu_order = 232
    add_to_admin_menu = True

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", DigestsView.as_view(), name="index"),
            path("mail/", DigestAsMailView.as_view(), name="mail"),
        ]


class PublicationForm(WagtailAdminModelForm):
    """The publication's settings, with what can only be chosen as choices."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)
    also_in = forms.MultipleChoiceField(
        label=_("Also in"),
        choices=settings.LANGUAGES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each gets a front page of its own, such as /de/. What is unticked is taken down, not deleted."),
    )
    time_zone = forms.ChoiceField(
        choices=[(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())],
        help_text=_("Dates are shown in it, to readers and, unless they choose another, to editors."),
    )
    digest_hour = forms.TypedChoiceField(
        choices=[(hour, f"{hour:02}:00") for hour in pace.HOURS],
        coerce=int,
        help_text=_("When digests go out, in each reader's own time zone, unless they chose an hour."),
    )
    accent = forms.RegexField(
        r"^#[0-9a-fA-F]{6}$", widget=forms.TextInput(attrs={"type": "color"}), help_text=_("The one accent colour.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spoken = StreamPage.objects.live().values_list("locale__language_code", flat=True)
        self.initial["also_in"] = [code for code in spoken if code != self.initial.get("language")]

    @transaction.atomic
    def save(self, commit: bool = True) -> Any:
        """Save; editors who kept the publication's time zone follow it, and the site speaks the chosen languages."""
        if "time_zone" in self.changed_data:
            zones.follow(self.initial["time_zone"], self.cleaned_data["time_zone"])
        if {"time_zone", "digest_hour", "digest_weekday"} & set(self.changed_data):
            turns.reschedule()
        actions.speak(self.cleaned_data["language"], self.cleaned_data["also_in"])
        return super().save(commit=commit)


PUBLICATION_PANEL = ObjectList(
    [
        MultiFieldPanel(
            [
                FieldPanel("name", heading=_("Name")),
                FieldPanel("tagline", heading=_("Tagline")),
                FieldPanel("shows_views", heading=_("Show how often posts were read")),
                FieldPanel("accent", heading=_("Accent")),
            ],
            heading=_("The publication"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [FieldPanel("language", heading=_("Language")), FieldPanel("time_zone", heading=_("Time zone"))]
                ),
                FieldPanel("also_in", heading=_("Also in")),
            ],
            heading=_("Where and when"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [FieldPanel("digest_hour", heading=_("Hour")), FieldPanel("digest_weekday", heading=_("Weekday"))]
                )
            ],
            heading=_("Digests"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [
                        FieldPanel("sender_name", heading=_("Name of the sender")),
                        FieldPanel("sender_email", heading=_("Address of the sender")),
                    ]
                ),
                FieldPanel("reply_to", heading=_("Replies go to")),
                FieldPanel("address_line", heading=_("Postal address")),
                FieldPanel("unsure_policy", heading=_("When nobody knows whether a mail was taken")),
            ],
            heading=_("Mail to readers"),
        ),
        MultiFieldPanel([FieldPanel("staff_email", heading=_("Address of the staff"))], heading=_("Mail to the staff")),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("keep_unconfirmed_days"), FieldPanel("keep_left_days")]),
                FieldRowPanel([FieldPanel("keep_details_days"), FieldPanel("keep_ip_days")]),
            ],
            heading=_("What is kept for how many days"),
        ),
        MultiFieldPanel(
            [FieldPanel("record_ip"), FieldPanel("count_clicks")], heading=_("What is recorded of readers")
        ),
    ],
    base_form_class=PublicationForm,
).bind_to_model(Publication)


class PublicationView(generic.EditView):
    """The one publication's settings."""

    model = Publication
    panel = PUBLICATION_PANEL
    page_title = _("Publication")
    header_icon = "globe"
    success_message = _("Saved.")

    def get_object(self, queryset: Any = None) -> Publication:  # noqa: ARG002
        return publication()

    def get_page_subtitle(self) -> str:
        return ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_edit_url(self) -> str:
        return reverse("publication:edit")

    get_success_url = get_edit_url

    def get_success_buttons(self) -> list[Any]:
        return []


class PublicationViewSet(ViewSet):
    """The publication's settings."""

    name = "publication"
    menu_item_class = PublicationItem
    icon = "globe"
    menu_label = _("Publication")
    menu_order = 10
    add_to_settings_menu = True

    def get_urlpatterns(self) -> list[URLPattern]:
        return [path("", PublicationView.as_view(), name="edit")]
