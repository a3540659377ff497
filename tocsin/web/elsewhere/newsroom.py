"""The newsroom's screens of this room: keys of programs (made, shown once, revoked), and the form for other sites."""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from tocsin.content.screens import PermittedViewSet
from tocsin.lib import config
from tocsin.web.elsewhere import actions, embedding, queries
from tocsin.web.elsewhere.models import Key, Scope, Standing

STANDINGS = {
    Standing.VALID: gettext_lazy("In use"),
    Standing.EXPIRED: gettext_lazy("Expired"),
    Standing.REVOKED: gettext_lazy("Revoked"),
}
MOST_SITES = 100


class KeyForm(forms.Form):
    """What a new key is to be."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("Which program uses it, and where.")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it opens"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    ends = forms.DateField(
        label=gettext_lazy("Works until (optional)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("The last day, in UTC. Without one it works until it is revoked."),
    )

    @property
    def expires_at(self) -> datetime | None:
        """When the last day is over."""
        day = self.cleaned_data["ends"]
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) if day else None

    def clean_ends(self) -> Any:
        day = self.cleaned_data["ends"]
        if day and not timezone.now().date() <= day <= timezone.now().date() + timedelta(days=3660):
            raise ValidationError(_("Choose a day within the next ten years, or none."))
        return day


class KeysView(generic.IndexView):
    """Every key, the newest first."""

    model = Key
    any_permission_required = ["view"]
    page_title = gettext_lazy("Keys for programs")
    header_icon = "key"
    index_url_name = "keys:index"
    add_url_name = "keys:make"
    add_item_label = gettext_lazy("Make a key")
    default_ordering = "-id"
    show_export_buttons = False
    columns = [
        TitleColumn("name", label=gettext_lazy("Name"), get_url=lambda key: reverse("keys:one", args=[key.pk])),
        Column("start", label=gettext_lazy("Begins with")),
        Column("scopes", label=gettext_lazy("Opens"), accessor=lambda key: ", ".join(key.scopes)),
        DateColumn("last_used_at", label=gettext_lazy("Last used")),
        DateColumn("expires_at", label=gettext_lazy("Ends")),
        Column("standing", label=gettext_lazy("State"), accessor=lambda key: STANDINGS[key.standing(timezone.now())]),
    ]

    def get_add_url(self) -> str | None:
        return reverse("keys:make") if self.request.user.has_perm("elsewhere.add_key") else None

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]


class KeyScreen(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """A screen about one key."""

    header_icon = "key"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        keys = {"url": reverse("keys:index"), "label": KeysView.page_title}
        return [*self.breadcrumbs_items, keys, {"url": "", "label": self.get_page_title()}]


class MakeKeyView(KeyScreen):
    """Makes a key and shows it, this once."""

    permission_required = "elsewhere.add_key"
    template_name = "elsewhere/make_key.html"

    def get_page_title(self) -> str:
        return _("Make a key")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", KeyForm())
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Make it, unless something is missing."""
        form = KeyForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        made, written = actions.make_key(
            form.cleaned_data["name"],
            form.cleaned_data["scopes"],
            made_by=str(request.user),
            expires_at=form.expires_at,
        )
        return self.render_to_response(self.get_context_data(form=form, made=made, written=written))


class KeyView(KeyScreen):
    """What a key opens, when it was used, and the button that ends it."""

    permission_required = "elsewhere.view_key"
    template_name = "elsewhere/key.html"

    @cached_property
    def key(self) -> Key:
        """The key."""
        found: Key = get_object_or_404(Key, pk=self.kwargs["pk"])
        return found

    def get_page_title(self) -> str:
        return self.key.name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        standing = self.key.standing(timezone.now())
        return super().get_context_data(
            key=self.key,
            scopes=[(scope.value, scope.label) for scope in Scope if scope in self.key.scopes],
            state=STANDINGS[standing],
            can_revoke=standing is not Standing.REVOKED and self.request.user.has_perm("elsewhere.change_key"),
            **kwargs,
        )

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Revoke it."""
        if not request.user.has_perm("elsewhere.change_key"):
            return self.handle_no_permission()
        actions.revoke(self.key)
        messages.success(request, _("“%(name)s” is revoked: it opens nothing any more.") % {"name": self.key.name})
        return redirect("keys:index")


class SitesForm(forms.Form):
    """The sites whose pages carry the form."""

    sites = forms.CharField(
        label=gettext_lazy("Sites that carry the form"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "https://example.org"}),
        help_text=gettext_lazy(
            "One address a line. Readers who come from one of them are offered a link back to it. The form works from "
            "every site; from others it just has no link back."
        ),
    )

    def clean_sites(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["sites"].splitlines() if line.strip()]
        origins = [queries.origin_of(line) for line in lines]
        wrong = [line for line, origin in zip(lines, origins, strict=True) if not origin or len(origin) > 255]
        if wrong:
            raise ValidationError(
                _("“%(line)s” is not the address of a site. Write it like https://example.org.")
                % {"line": wrong[0][:80]}
            )
        if len(set(origins)) > MOST_SITES:
            raise ValidationError(_("At most %(most)s sites.") % {"most": MOST_SITES})
        return sorted(set(origins))


class FormView(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """The form to paste into another site, and which sites those are."""

    permission_required = "elsewhere.change_friendlysite"
    template_name = "elsewhere/form.html"
    header_icon = "code"

    def get_page_title(self) -> str:
        return _("Form for other sites")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", SitesForm(initial={"sites": "\n".join(queries.origins())}))
        return super().get_context_data(
            snippet=embedding.snippet(config.current().site_url), is_secure=config.current().behind_tls, **kwargs
        )

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Save the sites."""
        form = SitesForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        actions.befriend(form.cleaned_data["sites"])
        messages.success(request, _("Saved."))
        return redirect("form_elsewhere:edit")


class KeysViewSet(PermittedViewSet):
    """Keys of programs."""

    name = "keys"
    permission = "elsewhere.view_key"
    icon = "key"
    menu_label = gettext_lazy("Keys for programs")
    menu_order = 60
    add_to_settings_menu = True

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", KeysView.as_view(), name="index"),
            path("new/", MakeKeyView.as_view(), name="make"),
            path("<int:pk>/", KeyView.as_view(), name="one"),
        ]


class FormViewSet(PermittedViewSet):
    """The form for other sites."""

    name = "form_elsewhere"
    url_prefix = "form-elsewhere"
    permission = "elsewhere.change_friendlysite"
    icon = "code"
    menu_label = gettext_lazy("Form for other sites")
    menu_order = 50
    add_to_settings_menu = True

    def get_urlpatterns(self) -> list[URLPattern]:
        return [path("", FormView.as_view(), name="edit")]
