"""The editor's form of a post."""

from typing import Any

from wagtail.admin.forms import WagtailAdminPageForm


class PostForm(WagtailAdminPageForm):
    """Wagtail's page form, but a new post is a draft until its publishing succeeds.

    Wagtail inserts a page that is created and published in one go as live, and publishes its revision afterwards:
    should that fail, readers would see a post nobody published.
    """

    def save(self, commit: bool = True) -> Any:
        """Save the form; a new post stays a draft."""
        if self.instance._state.adding:  # noqa: SLF001 - Django's documented way to ask
            self.instance.live = False
        return super().save(commit=commit)
