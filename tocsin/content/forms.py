"""The editor's form of a post."""

from typing import Any

from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminPageForm


class PostForm(WagtailAdminPageForm):
    """Wagtail's page form, but a new post is a draft until its publishing succeeds.

    Wagtail inserts a page that is created and published in one go as live, and publishes its revision afterwards:
    should that fail, readers would see a post nobody published.
    """

    def clean(self) -> Any:
        """Refuse to publish a picture without words for those who cannot see it; a draft may still lack them."""
        cleaned = super().clean()
        told = cleaned.get("lead_image_alt") or cleaned.get("lead_image_is_decorative")
        if cleaned.get("lead_image") and not told and not self.is_deferred_validation:
            self.add_error(
                "lead_image_alt",
                _("Say in words what the picture shows, or tick that it only decorates."),
            )
        return cleaned

    def save(self, commit: bool = True) -> Any:
        """Save the form; a new post stays a draft."""
        if self.instance._state.adding:  # noqa: SLF001 - Django's documented way to ask
            self.instance.live = False
        return super().save(commit=commit)
