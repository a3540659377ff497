"""The readers' screens as Wagtail wants them: a menu item and addresses."""

from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from tocsin.desk.readers import exports, listing, views


class ReadersItem(MenuItem):
    """Readers, in the menu of who may see them."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("audience.view_subscriber"))


class ReadersViewSet(ViewSet):
    """Readers."""

    name = "readers"
    menu_item_class = ReadersItem
    icon = "group"
    menu_label = _("Readers")
    menu_order = 225
    add_to_admin_menu = True

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", listing.ReadersView.as_view(), name="index"),
            path("results/", listing.ReadersView.as_view(results_only=True), name="results"),
            path("add/", views.AddView.as_view(), name="add"),
            path("export/", exports.ExportView.as_view(), name="export"),
            path("growth/", views.GrowthView.as_view(), name="growth"),
            path("change/", views.ChangeView.as_view(), name="change"),
            path("change/<slug:verb>/", views.ChangeView.as_view(), name="change"),
            path("changed/<int:pk>/", views.ChangedView.as_view(), name="changed"),
            path("<int:pk>/", views.StoryView.as_view(), name="one"),
            path("<int:pk>/<slug:verb>/", views.OneView.as_view(), name="one"),
        ]
