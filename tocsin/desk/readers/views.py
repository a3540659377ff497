"""The screens about one reader and about many: the story, adding, noting, changing, growth. The list is in `listing`."""

from functools import cached_property
from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from tocsin.audience import growth, queries, selection, upkeep
from tocsin.audience.models import Cadence, Subscriber
from tocsin.audience.selection import Selection
from tocsin.content import phrases
from tocsin.desk.models import BulkChange
from tocsin.desk.readers import changes, listing, pictures, story, tasks
from tocsin.desk.readers.forms import Adding, Changing, Noting
from tocsin.lib.errors import Refused

WEEKS = 26
LOGGED = 20
ALONE = ("suppress", "lift", "erase")
"""What can be done to one reader; everything that can be done to many is in `changes.VERBS`."""


class Screen(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """A screen below the list of readers."""

    permission_required = "audience.view_subscriber"
    header_icon = "group"
    title: str | Promise = ""

    def get_page_title(self) -> str:
        return str(self.title)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        readers = {"url": reverse("readers:index"), "label": listing.ReadersView.page_title}
        return [*self.breadcrumbs_items, readers, *self.crumbs(), {"url": "", "label": self.get_page_title()}]

    def crumbs(self) -> list[dict[str, Any]]:
        """What lies between the list and this screen."""
        return []


class GrowthView(Screen):
    """How the audience grew and shrank, what is followed, where people came from."""

    template_name = "desk/readers/growth.html"
    title = gettext_lazy("Growth")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        weeks = growth.weeks(WEEKS, queries.publication().zone, timezone.now())
        return super().get_context_data(
            weeks=weeks,
            picture=pictures.draw(weeks),
            size={"width": pictures.WIDTH, "height": pictures.HEIGHT},
            following=growth.following(),
            paces=Cadence.choices,
            origins=growth.origins(),
            **kwargs,
        )


class AddView(Screen):
    """Add somebody who agreed elsewhere."""

    permission_required = "audience.add_subscriber"
    template_name = "desk/readers/add.html"
    title = gettext_lazy("Add a reader")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"form": Adding(), **kwargs})

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Add them, or say why not."""
        form = Adding(request.POST)
        if form.is_valid():
            try:
                reader = upkeep.add(form.newcomer(), by=who(request))
            except Refused as error:
                form.add_error("email", f"{error.message} {error.mend}")
            else:
                messages.success(request, _("Added. They are told of what is published from now on."))
                return redirect("readers:one", reader.pk)
        return self.render_to_response(self.get_context_data(form=form))


class StoryView(Screen):
    """One reader: where they stand, what they follow, and everything that happened."""

    template_name = "desk/readers/story.html"

    @cached_property
    def reader(self) -> Subscriber:
        """Whom it is about."""
        return get_object_or_404(Subscriber, pk=self.kwargs["pk"])

    def get_page_title(self) -> str:
        return listing.address_of(self.reader)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        told = story.tell(self.reader)
        return super().get_context_data(
            **{
                "form": Noting(),
                "told": told,
                "reader": self.reader,
                "language": phrases.language_name(self.reader.language),
                "follows": self.reader.subscriptions.select_related("followable").order_by("pk"),
                "steps": [(name, changes.VERBS[name]) for name in _possible(told)] if self.may_change else [],
                "may_change": self.may_change,
                **kwargs,
            }
        )

    @property
    def may_change(self) -> bool:
        """Whether the user may do more than look."""
        return bool(self.request.user.has_perm("audience.change_subscriber"))

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Keep a note."""
        if not self.may_change:
            return self.handle_no_permission()
        form = Noting(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        upkeep.note(self.reader, form.cleaned_data["text"], by=who(request))
        return redirect("readers:one", self.reader.pk)


class ChangeView(Screen):
    """Asks before something is done to the readers that were found, with their number, then does it.

    Without a verb: which one? The readers are those of the list whose address's query this screen was given.
    """

    permission_required = "audience.change_subscriber"
    template_name = "desk/readers/change.html"

    @cached_property
    def meant(self) -> Selection:
        """To whom."""
        return listing.selection_of(self.request)

    @cached_property
    def verb(self) -> changes.Verb | None:
        """What; None before it was chosen."""
        name = self.kwargs.get("verb")
        if name is not None and name not in changes.VERBS:
            raise Http404
        return changes.VERBS[name] if name else None

    @cached_property
    def number(self) -> int:
        """How many they are."""
        return selection.select(self.meant).count()

    def get_page_title(self) -> str:
        return str(self.verb.title if self.verb else _("Change readers"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = Changing(asks=self.verb.asks, number=self.number) if self.verb else None
        query = listing.query_of(self.request)
        return super().get_context_data(
            **{
                "form": form,
                "doing": self.verb,
                "verbs": changes.VERBS.items(),
                "log": [] if self.verb else changes.log(LOGGED),
                "number": self.number,
                "everybody": self.meant.is_everybody,
                "some": [listing.address_of(reader) for reader in selection.select(self.meant)[:5]],
                "query": query,
                "back": f"{reverse('readers:index')}?{query}",
                **kwargs,
            }
        )

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Begin it, if they are still those that were shown."""
        if self.verb is None:
            raise Http404
        form = Changing(request.POST, asks=self.verb.asks, number=self.number)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        seen = request.POST.get("number", "")
        try:
            with transaction.atomic():
                expected = int(seen) if seen.isdecimal() else -1
                change = changes.begin(
                    self.kwargs["verb"], form.argument(), self.meant, expected=expected, by=who(request)
                )
                tasks.carry_out.enqueue(change.pk)
        except Refused as error:
            messages.error(request, f"{error.message} {error.mend}")
            return redirect(request.get_full_path())
        return redirect("readers:changed", change.pk)


class ChangedView(Screen):
    """How far a change is."""

    permission_required = "audience.change_subscriber"
    template_name = "desk/readers/changed.html"

    @cached_property
    def change(self) -> BulkChange:
        """The change."""
        return get_object_or_404(BulkChange, pk=self.kwargs["pk"])

    def get_page_title(self) -> str:
        return str(changes.VERBS[self.change.verb].title)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(change=self.change, **kwargs)


class OneView(Screen):
    """Asks before something is done to one reader, then does it."""

    permission_required = "audience.change_subscriber"
    template_name = "desk/readers/one.html"

    @cached_property
    def reader(self) -> Subscriber:
        """To whom."""
        return get_object_or_404(Subscriber, pk=self.kwargs["pk"])

    @cached_property
    def verb(self) -> changes.Verb:
        """What."""
        if self.kwargs["verb"] not in ALONE:
            raise Http404
        return changes.VERBS[self.kwargs["verb"]]

    @cached_property
    def asks(self) -> tuple[str, ...]:
        """What is asked; that one is meant needs no counting."""
        return tuple(name for name in self.verb.asks if name != "sure")

    def get_page_title(self) -> str:
        return str(self.verb.title)

    def crumbs(self) -> list[dict[str, Any]]:
        return [{"url": self._back, "label": listing.address_of(self.reader)}]

    @property
    def _back(self) -> str:
        return reverse("readers:one", args=[self.reader.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = Changing(asks=self.asks, number=1)
        address = listing.address_of(self.reader)
        return super().get_context_data(
            **{"form": form, "doing": self.verb, "address": address, "back": self._back, **kwargs}
        )

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Do it."""
        form = Changing(request.POST, asks=self.asks, number=1)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        with transaction.atomic():
            self.verb.do([self.reader.pk], form.argument(), who(request))
        messages.success(request, _("Done."))
        return redirect("readers:index") if self.verb.final else redirect(self._back)


def who(request: HttpRequest) -> str:
    """The user, as notes and records name them."""
    return request.user.get_username()


def _possible(told: story.Story) -> list[str]:
    if told.suppression is None:
        return ["suppress", "erase"]
    return [*(["lift"] if told.suppression.reason in upkeep.LIFTABLE else []), "erase"]
