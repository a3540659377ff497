"""Giving a file of readers, deciding about it, and fetching what was rejected."""

from functools import cached_property
from typing import Any, Final

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from tocsin.audience.exchange import jobs
from tocsin.audience.exchange.encoding import NAMES
from tocsin.audience.models import Import
from tocsin.desk.imports.forms import DELIMITER_NAMES, ChoicesForm, FileForm

PERMISSION: Final = "audience.add_import"
SHOWN: Final = 8
EARLIER: Final = 20
State = Import.State
MOVING: Final = frozenset({State.GIVEN, State.CHECKING, State.APPROVED, State.WRITING})
WITH_REJECTS: Final = frozenset({State.READY, State.APPROVED, State.WRITING, State.DONE})
REPORTS: Final = {"outcomes": jobs.OUTCOMES, "rejects": jobs.REJECTS}


class Screen(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """What the screens of imports have in common."""

    permission_required = PERMISSION
    raise_exception = True
    header_icon = "upload"
    page_title = gettext_lazy("Import readers")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]


class GiveView(Screen):
    """The form for a file, and the imports there were."""

    template_name = "desk/imports/give.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        earlier = Import.objects.exclude(state=State.DROPPED).order_by("-id")[:EARLIER]
        return super().get_context_data(**{"form": FileForm(), "earlier": earlier, **kwargs})

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Take the file in; it is checked in the background."""
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        file = form.cleaned_data["file"]
        job = jobs.give(
            file.chunks(), filename=file.name, consent=form.cleaned_data["consent"], who=request.user.get_username()
        )
        return redirect(reverse("imports:one", args=[job.pk]))


class JobView(Screen):
    """One import: being checked, waiting for a decision, under way, or over."""

    template_name = "desk/imports/one.html"

    @cached_property
    def job(self) -> Import:
        """The import as it is now."""
        return get_object_or_404(Import.objects.exclude(state=State.DROPPED), pk=self.kwargs["pk"])

    def get_page_title(self) -> str:
        return self.job.filename

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        above = {"url": reverse("imports:index"), "label": Screen.page_title}
        return [*self.breadcrumbs_items, above, {"url": "", "label": self.job.filename}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self.job
        context = {
            "job": job,
            "moving": job.state in MOVING,
            "percent": 100 * job.place // job.people if job.state == State.WRITING and job.people else None,
            "delimiter": DELIMITER_NAMES.get(job.form.get("delimiter", ""), ""),
            "encoding": NAMES.get(job.form.get("encoding", ""), ""),
            "form": ChoicesForm(job),
            "sample": jobs.first_outcomes(job, SHOWN) if job.state == State.READY else [],
            "has_rejects": job.state in WITH_REJECTS and jobs.report_file(job, jobs.REJECTS).exists(),
            "has_outcomes": job.state == State.READY and jobs.report_file(job, jobs.OUTCOMES).exists(),
        }
        return super().get_context_data(**{**context, **kwargs})

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """What was decided."""
        if "approve" in request.POST:
            done = jobs.approve(self.job, request.user.get_username())
        elif "drop" in request.POST:
            done = jobs.drop(self.job)
            if done:
                messages.success(request, _("Thrown away. Nobody was imported."))
                return redirect(reverse("imports:index"))
        else:
            form = ChoicesForm(self.job, request.POST)
            if not form.is_valid():
                return self.render_to_response(self.get_context_data(form=form), status=422)
            done = jobs.check_again(self.job, form.said(self.job.choices))
        if not done:
            messages.error(request, _("That is not possible any more: see how it stands now."))
        return redirect(request.path)


class ReportView(PermissionRequiredMixin, View):
    """The report of an import, as a file."""

    permission_required = PERMISSION
    raise_exception = True

    def get(self, _request: HttpRequest, pk: int, kind: str) -> FileResponse:
        """Raises Http404 when there is none, or none any more."""
        job = get_object_or_404(Import, pk=pk)
        try:
            file = jobs.report_file(job, REPORTS[kind]).open("rb")
        except (KeyError, FileNotFoundError) as error:
            raise Http404 from error
        return FileResponse(file, as_attachment=True, filename=f"import-{job.pk}-{kind}.csv", content_type="text/csv")
