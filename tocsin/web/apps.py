"""Django application configuration."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The web room."""

    name = "tocsin.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Notice, in whatever process this is, every change that may show on a page."""
        from django.db.backends.signals import connection_created  # noqa: PLC0415 - needs the apps loaded
        from django.db.models.signals import post_delete, post_migrate, post_save, pre_migrate  # noqa: PLC0415
        from wagtail import signals as wagtail  # noqa: PLC0415
        from wagtail.models import Page, PageViewRestriction  # noqa: PLC0415

        from tocsin.audience.models import Publication  # noqa: PLC0415
        from tocsin.content.models import PostPage, StreamPage  # noqa: PLC0415
        from tocsin.web import languages  # noqa: PLC0415
        from tocsin.web.cache import changes  # noqa: PLC0415

        connection_created.connect(changes.watch_connection, dispatch_uid="web.changes")
        pre_migrate.connect(changes.suspend, dispatch_uid="web.suspend")
        post_migrate.connect(changes.resume, dispatch_uid="web.resume")
        for signal in (wagtail.page_unpublished, wagtail.page_slug_changed, wagtail.post_page_move):
            signal.connect(changes.recall, dispatch_uid="web.recall")
        for model in (Page, PostPage, StreamPage):
            post_delete.connect(changes.recall, sender=model, dispatch_uid=f"web.recall.{model.__name__}")
        for model in (Publication, StreamPage):
            post_save.connect(languages.forget, sender=model, dispatch_uid=f"web.languages.{model.__name__}")
        post_save.connect(changes.inserted, dispatch_uid="web.inserted")
        post_save.connect(changes.recall, sender=PageViewRestriction, dispatch_uid="web.restrict")
