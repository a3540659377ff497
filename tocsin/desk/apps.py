"""Django application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class DeskConfig(AppConfig):
    """The desk room."""

    name = "tocsin.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to posts going live and being taken down; add what the newsroom adds to Wagtail's own screens."""
        from django.conf import settings  # noqa: PLC0415 - needs the apps loaded
        from django.db.models.signals import post_save, pre_save  # noqa: PLC0415
        from wagtail.users.models import UserProfile  # noqa: PLC0415

        from tocsin.content import previews, signals  # noqa: PLC0415
        from tocsin.content.models import PlainPage, PostPage  # noqa: PLC0415
        from tocsin.desk import panels, publish, views, zones  # noqa: PLC0415

        signals.post_published.connect(publish.on_post_published, dispatch_uid="desk.tell")
        signals.post_unpublished.connect(publish.on_post_unpublished, dispatch_uid="desk.withdraw")
        post_save.connect(zones.on_user_saved, sender=settings.AUTH_USER_MODEL, dispatch_uid="desk.profile")
        pre_save.connect(zones.on_profile_saving, sender=UserProfile, dispatch_uid="desk.zone")
        links = panels.ClippingsPanel(heading=gettext_lazy("Links with preview"), icon="link")
        PostPage.content_panels = [*PostPage.content_panels, links, panels.tell_readers_panel()]
        PlainPage.content_panels = [*PlainPage.content_panels, links]
        previews.MODES["mail"] = previews.Preview(gettext_lazy("As mail"), views.show_as_mail)
