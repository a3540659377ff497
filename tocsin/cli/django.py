"""Loading Django for the subcommands that need it."""

import gc
import os

from tocsin.lib import config


def setup() -> None:
    """Load Django with Tocsin's settings. Raises BadEnvironment when the configuration is wrong."""
    config.current()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.settings")
    import django

    gc.disable()  # what is loaded now stays: looking through it again and again is an eighth of a start
    django.setup()
    gc.freeze()
    gc.enable()
