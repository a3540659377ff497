"""Django application configuration."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    """The content room."""

    name = "tocsin.content"
    label = "content"
    default_auto_field = "django.db.models.BigAutoField"
