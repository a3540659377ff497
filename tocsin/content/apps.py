"""Django application configuration."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    """The content room."""

    name = "tocsin.content"
    label = "content"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for posts being taken down, and for topics and authors being deleted; keep cameras' notes private."""
        from django.db.models.signals import post_delete  # noqa: PLC0415 - needs the apps loaded
        from wagtail.signals import page_unpublished  # noqa: PLC0415

        from tocsin.content.announcements import on_followed_deleted, on_page_unpublished  # noqa: PLC0415
        from tocsin.content.models import Author, PostPage, Topic  # noqa: PLC0415
        from tocsin.content.pictures import forget_the_camera  # noqa: PLC0415

        forget_the_camera()

        page_unpublished.connect(on_page_unpublished, sender=PostPage, dispatch_uid="content.post_unpublished")
        for model in (Topic, Author):
            post_delete.connect(on_followed_deleted, sender=model, dispatch_uid=f"content.retire.{model.__name__}")
