"""Django application configuration."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The desk room."""

    name = "tocsin.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"
