"""The newsroom's screen about digests: who gets them, and the next one as it would go out now."""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from tocsin.audience.models import Cadence, Weekday
from tocsin.audience.queries import choosable, everything, publication
from tocsin.courier.message import Mark
from tocsin.desk.digests import message, queries
from tocsin.desk.digests.queries import Next
from tocsin.lib import clock

PERMISSION = "courier.view_dispatch"


class ChoiceForm(forms.Form):
    """Whose digest is looked at."""

    cadence = forms.ChoiceField(
        choices=[(Cadence.DAILY, Cadence.DAILY.label), (Cadence.WEEKLY, Cadence.WEEKLY.label)],
        label=gettext_lazy("Pace"),
    )
    follows = forms.TypedChoiceField(coerce=int, label=gettext_lazy("Follows"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["follows"].choices = [(row.pk, row.name) for row in choosable()]  # type: ignore[attr-defined]


class _OneDigest(PermissionRequiredMixin):
    """The digest that was chosen: without a choice, the daily one of everything."""

    permission_required = PERMISSION
    request: HttpRequest

    @cached_property
    def form(self) -> ChoiceForm:
        """The choice, checked."""
        usual = {"cadence": Cadence.DAILY, "follows": everything().pk}
        given = ChoiceForm({**usual, **self.request.GET.dict()})
        return given if given.is_valid() else ChoiceForm(usual)

    @cached_property
    def next(self) -> Next:
        """What would go out."""
        self.form.is_valid()
        chosen = self.form.cleaned_data
        return queries.coming(chosen["follows"], chosen["cadence"], publication(), clock.now_us())


class DigestsView(_OneDigest, WagtailAdminTemplateMixin, TemplateView):
    """How many get digests, when the next is due, and which posts wait for it."""

    template_name = "desk/digests.html"
    header_icon = "calendar-alt"
    page_title = gettext_lazy("Digests")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        gazette = publication()
        return super().get_context_data(
            form=self.form,
            next=self.next,
            readers=queries.readers_of_digests(),
            gazette=gazette,
            weekday=Weekday(gazette.digest_weekday).label,
            query=self.request.GET.urlencode(),
            **kwargs,
        )


@method_decorator(xframe_options_sameorigin, name="dispatch")
class DigestAsMailView(_OneDigest, View):
    """That digest as its readers would get it; the personal links lead nowhere."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        """The mail's HTML."""
        gazette = publication()
        if not self.next.posts:
            return HttpResponse(_("There is nothing to tell yet."), content_type="text/plain")
        html = message.render(self.next.posts, gazette, gazette.language).html
        for mark in Mark:
            html = html.replace(mark.value, "#")
        return HttpResponse(html)
