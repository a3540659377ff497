"""A child process that is asked things: one line of JSON in, one line of JSON out."""

import json
import os
import select
import sys
from collections.abc import Callable, Mapping
from typing import Any

from bench.scratch import Scratch
from tocsin.lib.errors import BadEnvironment

HELLO = "hello"
Verb = Callable[..., dict[str, Any]]


class Companion:
    """The asking side. `module` is run with `arguments` and ends with the scratch."""

    def __init__(self, scratch: Scratch, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self._name = module
        self._log = scratch.log(f"{module}.log")
        self.process = scratch.python(module, *arguments, env=env, stdin=-1, stdout=-1)
        self.ask(HELLO, 60)

    def ask(self, verb: str, patience: float = 60, /, **details: Any) -> dict[str, Any]:
        """Ask and wait at most `patience` seconds for the answer. Raises BadEnvironment."""
        assert self.process.stdin is not None  # noqa: S101
        assert self.process.stdout is not None  # noqa: S101
        self.process.stdin.write(json.dumps({"verb": verb, **details}) + "\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], patience)[0]:
            raise BadEnvironment(
                f"{self._name} did not answer {verb} within {patience:.0f} s.", "Try a less busy machine."
            )
        line = self.process.stdout.readline()
        if not line:
            words = self._log.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
            raise BadEnvironment(f"{self._name} ended while it was asked to {verb}: {words}", "Please report it.")
        answer: dict[str, Any] = json.loads(line)
        return answer


def serve(verbs: Mapping[str, Verb]) -> None:
    """The answering side: do what is asked until nobody asks any more. Other words go to standard error."""
    say = answers()
    for line in sys.stdin:
        say(answer(verbs, line))


def answers() -> Callable[[str], None]:
    """What writes an answer; from here on, whatever else is printed goes to standard error."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return lambda line: print(line, file=channel, flush=True)


def answer(verbs: Mapping[str, Verb], line: str) -> str:
    """Do what one line asks."""
    request = json.loads(line)
    verb = request.pop("verb")
    return json.dumps(verbs[verb](**request) if verb != HELLO else {})
