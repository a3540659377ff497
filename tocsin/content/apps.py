"""Django application configuration."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    """The content room."""

    name = "tocsin.content"
    label = "content"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to Wagtail for posts being taken down."""
        from wagtail.signals import page_unpublished  # noqa: PLC0415 - needs the apps loaded

        from tocsin.content.announcements import on_page_unpublished  # noqa: PLC0415
        from tocsin.content.models import PostPage  # noqa: PLC0415

        page_unpublished.connect(on_page_unpublished, sender=PostPage, dispatch_uid="content.post_unpublished")
