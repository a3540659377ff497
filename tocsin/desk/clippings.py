"""The newsroom's list of the pages that posts link to with a preview, and the button that looks one up again."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.base import ViewSet

from tocsin.content.clippings import actions
from tocsin.content.clippings.models import Clipping

PAGE_SIZE = 50


class ListView(WagtailAdminTemplateMixin, TemplateView):
    """All of them, the latest first."""

    template_name = "desk/clippings/list.html"
    page_title = gettext_lazy("Links with preview")
    header_icon = "link"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(Clipping.objects.all(), PAGE_SIZE).get_page(self.request.GET.get("page"))
        return {**super().get_context_data(**kwargs), "page": page}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]


class AgainView(View):
    """Looks one up while the editor waits, and says what came of it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """At most some seconds: the door gives up then."""
        clipping = get_object_or_404(Clipping, pk=pk)
        if actions.look_up(clipping):
            clipping.refresh_from_db()
            messages.success(request, _("Looked up: {title}").format(title=clipping.title))
        else:
            clipping.refresh_from_db()
            messages.error(request, f"{clipping.url}: {clipping.trouble}")
        return redirect("clippings:index")


class ClippingsViewSet(ViewSet):
    """Links with preview, among the settings."""

    name = "clippings"
    icon = "link"
    menu_label = gettext_lazy("Links with preview")
    menu_order = 30
    add_to_settings_menu = True

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", ListView.as_view(), name="index"),
            path("<int:pk>/again/", AgainView.as_view(), name="again"),
        ]
