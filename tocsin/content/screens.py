"""What the newsroom's screens of every room have in common: they stand in the menu of those who may use them."""

from functools import partial
from typing import Any, ClassVar

from django.http import HttpRequest
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet


class PermittedItem(MenuItem):
    """A menu item for those who may use what it leads to."""

    def __init__(self, *args: Any, permission: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.permission = permission

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(self.permission))


class PermittedViewSet(ViewSet):
    """Screens that stand in the menu of whoever has `permission`. The views look for themselves."""

    permission: ClassVar[str]

    @property
    def menu_item_class(self) -> partial[PermittedItem]:
        """What Wagtail makes the menu item with."""
        return partial(PermittedItem, permission=self.permission)
