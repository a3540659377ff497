"""The words for how often and where somebody is told."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """A way to reach a subscriber."""

    EMAIL = "email", _("E-mail")


class Cadence(models.TextChoices):
    """The pace at which a subscription tells."""

    INSTANT = "instant", _("As it happens")
    DAILY = "daily", _("Once a day")
    WEEKLY = "weekly", _("Once a week")
    ALERTS = "alerts", _("Alerts only")


class Weekday(models.IntegerChoices):
    """A day of the week, numbered as `datetime.weekday` does."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")
