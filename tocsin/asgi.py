"""The ASGI application uvicorn serves: Django behind the page cache."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.settings")
django.setup()

from tocsin.web.serving.application import application  # noqa: E402 - needs Django loaded

__all__ = ["application"]
