"""The editor's side, a process with Django that does what `editor.py` knows. Run as a companion process."""

import importlib

from bench.companion import serve
from tocsin.cli.django import setup

if __name__ == "__main__":
    setup()
    serve(importlib.import_module("bench.read.editor").VERBS)  # needs Django to be there when it is imported
