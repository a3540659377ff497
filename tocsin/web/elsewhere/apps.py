"""Django application configuration."""

from django.apps import AppConfig


class ElsewhereConfig(AppConfig):
    """Doors for other sites."""

    name = "tocsin.web.elsewhere"
    label = "elsewhere"
    default_auto_field = "django.db.models.BigAutoField"
