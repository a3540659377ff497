"""Where Wagtail asks for our screens, and for what they may be allowed."""

from typing import Any

from django.contrib.auth.models import Permission
from wagtail import hooks

from tocsin.web.elsewhere import newsroom


@hooks.register("register_admin_viewset")
def screens() -> list[Any]:
    """Keys, and the form for other sites."""
    return [newsroom.KeysViewSet(), newsroom.FormViewSet()]


@hooks.register("register_permissions")
def permissions() -> Any:
    """What a group can be allowed here."""
    return Permission.objects.filter(content_type__app_label="elsewhere")
