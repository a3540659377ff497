"""Editors work in the publication's time zone unless they chose another.

Wagtail keeps an editor's zone in a profile and falls back to the server's, which says nothing about a newsroom. So a
profile that names no zone is given the publication's, and moves with it.
"""

from typing import Any

from wagtail.users.models import UserProfile

from tocsin.audience.models import Publication


def on_user_saved(instance: Any, created: bool, raw: bool = False, **_: Any) -> None:
    """Somebody new works here: they get a profile."""
    if created and not raw:
        UserProfile.get_for_user(instance)


def on_profile_saving(instance: UserProfile, **_: Any) -> None:
    """A profile without a zone gets the publication's."""
    if not instance.current_time_zone:
        instance.current_time_zone = Publication.objects.values_list("time_zone", flat=True).first() or ""


def follow(was: str, now: str) -> None:
    """The publication moved: whoever kept its zone moves along."""
    UserProfile.objects.filter(current_time_zone__in=["", was]).update(current_time_zone=now)
