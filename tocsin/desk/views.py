"""The newsroom's own screens about telling: all tellings, one telling's books, telling again, a draft as mail."""

from functools import cached_property
from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, DateColumn, NumberColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from tocsin.audience.queries import publication
from tocsin.content.models import PostPage
from tocsin.courier import counting
from tocsin.courier import queries as ledger
from tocsin.courier.message import Mark
from tocsin.courier.models import Dispatch
from tocsin.desk import message, publish, queries, steering
from tocsin.desk.digests import queries as digests
from tocsin.desk.legend import LEGEND, Standing, outlook
from tocsin.desk.models import NOTE_CHARACTERS, PublishIntent
from tocsin.lib import clock
from tocsin.lib.errors import TocsinError


class TellingsView(generic.IndexView):
    """Every telling of a post, newest first."""

    model = Dispatch
    any_permission_required = ["view"]
    page_title = gettext_lazy("Tellings")
    header_icon = "mail"
    index_url_name = "tellings:index"
    default_ordering = "-id"
    show_export_buttons = False
    columns = [
        TitleColumn(
            "title", label=gettext_lazy("Post"), get_url=lambda dispatch: reverse("tellings:one", args=[dispatch.pk])
        ),
        Column("kind", label=gettext_lazy("What"), accessor="get_kind_display"),
        DateColumn("at", label=gettext_lazy("When"), accessor=lambda dispatch: clock.to_datetime(dispatch.created_us)),
        NumberColumn("audience", label=gettext_lazy("Readers")),
        Column("moving", label=gettext_lazy("State"), accessor=lambda dispatch: _standing(dispatch)),  # noqa: PLW0108 - defined below
    ]

    def get_base_queryset(self) -> Any:
        return queries.tellings()

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]


class TellingView(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """One telling of a post: how it is getting on, its books, and who was not reached, in the mail server's own words."""

    permission_required = "courier.view_dispatch"
    template_name = "desk/telling.html"
    header_icon = "mail"

    @cached_property
    def one(self) -> Dispatch:
        """The dispatch. Mail to a single reader or to the staff is nobody else's business."""
        found: Dispatch = get_object_or_404(queries.tellings(), pk=self.kwargs["pk"])
        return found

    def get_page_title(self) -> str:
        return _("Telling {number}").format(number=self.one.pk)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        tellings = {"url": reverse("tellings:index"), "label": TellingsView.page_title}
        return [*self.breadcrumbs_items, tellings, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        progress = ledger.progress(self.one.pk)
        told = queries.Telling(self.one, progress.books, clock.to_datetime(self.one.created_us))
        steps = steering.STEPS if steering.may_steer(self.request.user, self.one) else {}
        return super().get_context_data(
            told=told,
            progress=progress,
            outlook=outlook(progress),
            reasons=[(LEGEND[reason.state].label, reason) for reason in progress.reasons],
            troubles=[] if progress.rate or told.books.settled else ledger.relay_troubles(),
            steps=[(name, step) for name, step in steps.items() if step.possible(told)],
            post=PostPage.objects.filter(pk=self.one.post_id).first(),
            editions=digests.editions(self.one, queries.LISTED_ROWS) if self.one.kind == Dispatch.Kind.DIGEST else [],
            shares=digests.shares(self.one.post_id) if self.one.post_id else [],
            lists=queries.who_was_not(told),
            clicks=counting.clicks(self.one.pk),
            shown=queries.LISTED_ROWS,
            **kwargs,
        )


class TellAgainView(WagtailAdminTemplateMixin, TemplateView):
    """Asks before readers are mailed a second time, then does it."""

    template_name = "desk/tell_again.html"
    header_icon = "mail"
    post_page: PostPage

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.post_page = get_object_or_404(PostPage, pk=kwargs["pk"])
        if not self.post_page.permissions_for_user(request.user).can_publish():
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        """Tell, unless somebody else just did."""
        seen = request.POST.get("tellings", "")
        note = request.POST.get("note", "").strip()[:NOTE_CHARACTERS]
        user: Any = request.user
        try:
            told = publish.tell_again(self.post_page, user, note, tellings=int(seen) if seen.isdecimal() else -1)
        except TocsinError as error:
            messages.error(request, f"{error.message} {error.mend}")
            return redirect("wagtailadmin_pages:edit", self.post_page.pk)
        words = ngettext(
            "{number} reader is being told of “{title}”.",
            "{number} readers are being told of “{title}”.",
            told.audience,
        )
        text = format_html(words, number=told.audience, title=told.title)
        messages.success(request, text)
        if request.user.has_perm("courier.view_dispatch"):
            return redirect("tellings:one", told.pk)
        return redirect("wagtailadmin_pages:edit", self.post_page.pk)

    def get_page_title(self) -> str:
        return _("Tell readers again") if self._told_before else _("Tell readers")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        post = {"url": self._edit_url, "label": self.post_page.title}
        return [*self.breadcrumbs_items, post, {"url": "", "label": self.get_page_title()}]

    @property
    def _edit_url(self) -> str:
        return reverse("wagtailadmin_pages:edit", args=[self.post_page.pk])

    @property
    def _told_before(self) -> int:
        return ledger.told_addresses(self.post_page.pk).count()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        before = self._told_before
        return super().get_context_data(
            post=self.post_page,
            before=before,
            readers=publish.readers_again(self.post_page).count(),
            tellings=PublishIntent.objects.filter(post_id=self.post_page.pk).count(),
            note_characters=NOTE_CHARACTERS,
            edit_url=self._edit_url,
            **kwargs,
        )


def show_as_mail(post: PostPage, request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """A draft as its readers would get it; the personal links lead nowhere."""
    owner = publication()
    html = message.render(post, owner, counted=owner.count_clicks).html
    for mark in Mark:
        html = html.replace(mark.value, "#")
    return HttpResponse(html)


def _standing(dispatch: Dispatch) -> Standing:
    if dispatch.cancelled_us:
        return Standing.WITHDRAWN
    if dispatch.paused_us:
        return Standing.PAUSED
    return Standing.UNDER_WAY if getattr(dispatch, "moving", False) else Standing.SETTLED
