"""The verbs of the audience: the only place that writes its tables."""

from tocsin.audience.models import Followable


def mirror_followable(kind: str, slug: str, name: str) -> Followable:
    """Make or rename the followable of a topic or an author. Idempotent."""
    followable, _ = Followable.objects.update_or_create(
        kind=kind, slug=slug, defaults={"name": name, "retired_at": None}
    )
    return followable
