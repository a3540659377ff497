"""The screens of imports as Wagtail wants them: a menu item and addresses."""

from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from tocsin.desk.imports import views


class ImportsItem(MenuItem):
    """Imports, in the menu of who may import."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(views.PERMISSION))


class ImportsViewSet(ViewSet):
    """Imports of readers."""

    name = "imports"
    menu_item_class = ImportsItem
    icon = "upload"
    menu_label = _("Import readers")
    menu_order = 226
    add_to_admin_menu = True

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", views.GiveView.as_view(), name="index"),
            path("<int:pk>/", views.JobView.as_view(), name="one"),
            path("<int:pk>/<slug:kind>.csv", views.ReportView.as_view(), name="report"),
        ]
