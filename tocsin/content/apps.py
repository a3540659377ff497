"""Django application configuration."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    """The content room."""

    name = "tocsin.content"
    label = "content"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for posts being saved and taken down, for topics and authors being deleted; mend how pictures are made."""
        from django.db.models.signals import post_delete, post_save  # noqa: PLC0415 - needs the apps loaded
        from wagtail.models import Revision  # noqa: PLC0415
        from wagtail.signals import page_unpublished  # noqa: PLC0415

        from tocsin.content.announcements import on_followed_deleted, on_page_unpublished  # noqa: PLC0415
        from tocsin.content.clippings.actions import on_revision_saved  # noqa: PLC0415
        from tocsin.content.models import Author, PostPage, Topic  # noqa: PLC0415
        from tocsin.content.pictures import teach_willow  # noqa: PLC0415

        teach_willow()

        page_unpublished.connect(on_page_unpublished, sender=PostPage, dispatch_uid="content.post_unpublished")
        post_save.connect(on_revision_saved, sender=Revision, dispatch_uid="content.links")
        for model in (Topic, Author):
            post_delete.connect(on_followed_deleted, sender=model, dispatch_uid=f"content.retire.{model.__name__}")
