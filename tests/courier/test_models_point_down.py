"""A relation by string ("content.Post") escapes import-linter, so the models themselves are walked."""

from django.apps import apps

FLOORS = {"audience": 1, "courier": 2, "content": 3, "desk": 4, "web": 4}
OTHERS = 0  # Django's and Wagtail's own tables


def test_relations_between_rooms_point_down():
    upward = []
    for model in apps.get_models(include_auto_created=True):
        room = model._meta.app_label
        for field in model._meta.get_fields():
            inherited = field.model is not model
            if room not in FLOORS or inherited or field.auto_created or not field.related_model:
                continue
            target = field.related_model._meta.app_label
            if FLOORS.get(target, OTHERS) > FLOORS[room]:
                upward.append(f"{room}.{model.__name__}.{field.name} -> {target}")
    assert not upward


def test_telling_refers_to_no_wagtail_table():
    for model in apps.get_models():
        if model._meta.app_label in {"audience", "courier"}:
            targets = {field.related_model._meta.app_label for field in model._meta.fields if field.related_model}
            assert targets <= {"audience", "courier"}
