"""The readers' screens as Wagtail wants them: a menu item and addresses."""

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from tocsin.content.screens import PermittedViewSet
from tocsin.desk.readers import exports, listing, views


class ReadersViewSet(PermittedViewSet):
    """Readers."""

    name = "readers"
    permission = "audience.view_subscriber"
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
