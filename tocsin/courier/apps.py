"""Django application configuration."""

from django.apps import AppConfig


class CourierConfig(AppConfig):
    """The courier room."""

    name = "tocsin.courier"
    label = "courier"
    default_auto_field = "django.db.models.BigAutoField"
