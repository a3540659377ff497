"""Django application configuration."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The web room."""

    name = "tocsin.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
