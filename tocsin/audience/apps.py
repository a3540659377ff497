"""Django application configuration."""

from django.apps import AppConfig


class AudienceConfig(AppConfig):
    """The audience room."""

    name = "tocsin.audience"
    label = "audience"
    default_auto_field = "django.db.models.BigAutoField"
