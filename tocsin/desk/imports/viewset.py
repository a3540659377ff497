"""The screens of imports as Wagtail wants them: a menu item and addresses."""

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from tocsin.content.screens import PermittedViewSet
from tocsin.desk.imports import views


class ImportsViewSet(PermittedViewSet):
    """Imports of readers."""

    name = "imports"
    permission = views.PERMISSION
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
