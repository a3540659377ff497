"""Two-step login in the newsroom: its pages, and a panel on everybody's account page."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.views.account import BaseSettingsPanel

from tocsin.desk.login import codes, urls


class TwoStepPanel(BaseSettingsPanel):
    """Says whether it is on, and links to where that is changed."""

    name = "two_step"
    title = gettext_lazy("Two-step login")
    order = 600
    template_name = "desk/login/panel.html"

    def get_form(self) -> forms.Form:
        """The panel has nothing to save."""
        return forms.Form()

    def get_context_data(self) -> dict[str, Any]:
        return {"on": codes.is_on(self.user)}


@hooks.register("register_account_settings_panel")
def panel(request: HttpRequest, user: Any, profile: Any) -> TwoStepPanel:
    """Shown on the account page."""
    return TwoStepPanel(request, user, profile)


@hooks.register("register_admin_urls")
def pages() -> list[URLPattern]:
    """Wagtail lets only those in who may enter the newsroom."""
    return urls.account
