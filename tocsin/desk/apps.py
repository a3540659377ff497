"""Django application configuration."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The desk room."""

    name = "tocsin.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to posts going live and being taken down."""
        from tocsin.content import signals  # noqa: PLC0415 - needs the apps loaded
        from tocsin.desk import publish  # noqa: PLC0415

        signals.post_published.connect(publish.on_post_published, dispatch_uid="desk.tell")
        signals.post_unpublished.connect(publish.on_post_unpublished, dispatch_uid="desk.withdraw")
