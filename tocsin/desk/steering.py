"""The newsroom's screens that steer a telling under way: each says in numbers what it will do, then does it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from tocsin.content.models import PostPage, StreamPage
from tocsin.courier import actions
from tocsin.courier.models import Dispatch
from tocsin.desk import queries
from tocsin.desk.legend import Standing
from tocsin.desk.queries import Telling

REASON_CHARACTERS = 200


@dataclass(frozen=True)
class Step:
    """What can be done to a telling. `possible`: whether there is anything to do it to."""

    title: Promise
    button: Promise
    possible: Callable[[Telling], bool]
    do: Callable[[Dispatch, str], object]
    done: Promise
    asks_why: bool = False


STEPS = {
    "pause": Step(
        gettext_lazy("Pause"),
        gettext_lazy("Pause the telling"),
        possible=lambda told: told.standing is Standing.UNDER_WAY,
        do=actions.pause,
        done=gettext_lazy("Paused. Nobody more is told until you resume it."),
    ),
    "resume": Step(
        gettext_lazy("Resume"),
        gettext_lazy("Resume the telling"),
        possible=lambda told: told.standing is Standing.PAUSED,
        do=lambda dispatch, _: actions.resume(dispatch),
        done=gettext_lazy("Resumed."),
    ),
    "cancel": Step(
        gettext_lazy("Cancel"),
        gettext_lazy("Cancel the telling"),
        possible=lambda told: not told.dispatch.cancelled_us and told.untold + told.books.sending > 0,
        do=actions.cancel,
        done=gettext_lazy("Cancelled. Nobody more is told."),
        asks_why=True,
    ),
    "resend": Step(
        gettext_lazy("Send again to the unsure"),
        gettext_lazy("Send it once more"),
        possible=lambda told: told.books.unsure > 0 and not told.dispatch.cancelled_us,
        do=lambda dispatch, _: actions.resend_unsure(dispatch),
        done=gettext_lazy("They are sent it once more."),
    ),
}


def may_steer(user: Any, dispatch: Dispatch) -> bool:
    """Whoever may publish the post; when it is gone or there are many, whoever may publish posts."""
    post = PostPage.objects.filter(pk=dispatch.post_id).first()
    if post is not None:
        return bool(post.permissions_for_user(user).can_publish())
    return any(stream.permissions_for_user(user).can_publish_subpage() for stream in StreamPage.objects.all())


class SteerView(WagtailAdminTemplateMixin, TemplateView):
    """Asks before a telling is paused, resumed, cancelled or sent again, then does it."""

    template_name = "desk/steer.html"
    header_icon = "mail"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not may_steer(request.user, self.told.dispatch):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def told(self) -> Telling:
        """The telling as it is now."""
        return queries.telling(get_object_or_404(queries.tellings(), pk=self.kwargs["pk"]))

    @cached_property
    def step(self) -> Step:
        """What is to be done."""
        if self.kwargs["step"] not in STEPS:
            raise Http404
        return STEPS[self.kwargs["step"]]

    def get_page_title(self) -> str:
        return _("{step}: telling {number}").format(step=self.step.title, number=self.told.dispatch.pk)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        tellings = {"url": reverse("tellings:index"), "label": _("Tellings")}
        one = {"url": self._back, "label": _("Telling {number}").format(number=self.told.dispatch.pk)}
        return [*self.breadcrumbs_items, tellings, one, {"url": "", "label": self.step.title}]

    @property
    def _back(self) -> str:
        return reverse("tellings:one", args=[self.told.dispatch.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            told=self.told,
            asked=self.step,
            possible=self.step.possible(self.told),
            back=self._back,
            reason_characters=REASON_CHARACTERS,
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        """Do it, if there is still something to do."""
        reason = " ".join(request.POST.get("reason", "").split())[:REASON_CHARACTERS]
        if not self.step.possible(self.told):
            messages.error(request, _("There is nothing left to do: see how it stands now."))
        elif self.step.asks_why and not reason:
            messages.error(request, _("Say why: it is kept with every reader who is not told."))
            return redirect(request.path)
        else:
            with transaction.atomic():
                self.step.do(self.told.dispatch, reason or _("by {user}").format(user=request.user))
            messages.success(request, self.step.done)
        return redirect(self._back)
