"""Modules that are left out."""

import importlib
import sys

import pytest

from tocsin.lib import omissions


@pytest.fixture
def finders(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


def test_what_is_left_out_may_be_called_and_does_nothing(finders):
    omissions.leave_out(["large.api"])
    package = sys.modules["large"] = type(sys)("large")
    package.__path__ = []
    module = importlib.import_module("large.api.routers")
    assert module.router.add("/pages/", order=1) is not None
    assert module.__name__ == "large.api.routers"


def test_its_neighbours_are_found_as_ever(finders):
    omissions.leave_out(["json.api", "js"])
    sys.modules.pop("json.tool", None)
    assert importlib.import_module("json.tool").main
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("large.apis")


def test_no_process_loads_wagtails_rest_api():
    asked_for = sys.modules["wagtail.images.api.v3"]  # by Wagtail when Django was loaded
    assert getattr(asked_for, "__file__", None) is None
