"""Parts of the editor: "Tell readers", how many will be told, or who was told and how that went; the links with preview."""

from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, Panel

from tocsin.content.clippings import queries as clippings
from tocsin.content.clippings.models import Clipping
from tocsin.desk import queries


class TellingsPanel(Panel):
    """What publishing will do, or what it did."""

    class BoundPanel(Panel.BoundPanel):
        """For one post."""

        template_name = "desk/tellings_panel.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            post = self.instance
            told = queries.tellings_of(post) if post.pk else []
            live = queries.is_live(post)
            return {
                **context,
                "post": post,
                "live": live,
                "told": told,
                "plan": None if told or live else queries.plan(post),
                "can_tell": live and post.permissions_for_user(self.request.user).can_publish(),
                "can_look": self.request.user.has_perm("courier.view_dispatch"),
            }


class ClippingsPanel(Panel):
    """What is known of the pages the body links to with a preview, as it was last saved."""

    class BoundPanel(Panel.BoundPanel):
        """For one page."""

        template_name = "desk/clippings/panel.html"

        def is_shown(self) -> bool:
            return bool(self._clippings) and bool(super().is_shown())

        @cached_property
        def _clippings(self) -> list[Clipping]:
            return list(clippings.kept(self.instance.body).values())

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            return {**context, "clippings": self._clippings}


class TellTick(FieldPanel):
    """The tick; only there while it still decides something."""

    class BoundPanel(FieldPanel.BoundPanel):
        """For one post."""

        def is_shown(self) -> bool:
            decides = not queries.is_live(self.instance) and self.instance.first_published_at is None
            return decides and bool(super().is_shown())


def tell_readers_panel() -> MultiFieldPanel:
    """Both together, as they stand in the editor."""
    return MultiFieldPanel(
        [TellingsPanel(), TellTick("tell_readers", heading=_("Tell readers"))], heading=_("Tell readers"), icon="mail"
    )
