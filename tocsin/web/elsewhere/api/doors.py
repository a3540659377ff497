"""Who may come in, and how often: keys, their scopes, their limits."""

import math
from typing import Final

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from tocsin.audience import limits
from tocsin.audience.limits import Limit
from tocsin.web.elsewhere import actions, queries
from tocsin.web.elsewhere.api.problems import Problem, Trouble
from tocsin.web.elsewhere.models import Key, Scope, Standing

POLICY: Final = f'"key";q={limits.KEY.burst};w={math.ceil(limits.KEY.burst * limits.KEY.every)}'
CHALLENGE: Final = 'Bearer realm="api"'


class KeyBearer(HttpBearer):
    """Lets in who has a key with a scope, as often as a key may. Raises Problem for everybody else."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Key:
        """The key that was shown."""
        found = super().__call__(request)
        if found is None:
            raise Problem(Trouble.NO_KEY, headers={"WWW-Authenticate": CHALLENGE})
        key: Key = found
        return key

    def authenticate(self, request: HttpRequest, token: str) -> Key:
        key = queries.key_of(token)
        if key is None or key.standing(timezone.now()) is not Standing.VALID:
            _count_stranger(request)
            raise Problem(Trouble.BAD_KEY, headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})
        _count(request, key)
        actions.note_use(key)
        demand(key, self.scope)
        return key


def demand(key: Key, scope: Scope) -> None:
    """Raises Problem unless the key has the scope."""
    if scope not in key.scopes:
        challenge = f'{CHALLENGE}, error="insufficient_scope", scope="{scope.value}"'
        raise Problem(
            Trouble.MISSING_SCOPE, f"It needs the scope {scope.value}.", headers={"WWW-Authenticate": challenge}
        )


def _count(request: HttpRequest, key: Key) -> None:
    is_in_time = limits.take(limits.KEY, str(key.pk))
    left = math.floor(limits.left(limits.KEY, str(key.pk)))
    request.rate_limit = f'"key";r={left};t={math.ceil(limits.KEY.every)}'  # type: ignore[attr-defined]
    if not is_in_time:
        raise slow_down(limits.KEY)


def _count_stranger(request: HttpRequest) -> None:
    if not limits.take(limits.KEYLESS, limits.network(request.META.get("REMOTE_ADDR", ""))):
        raise slow_down(limits.KEYLESS)


def slow_down(limit: Limit, detail: str = "") -> Problem:
    """What is said when a bucket is empty: when it will have the next token."""
    return Problem(Trouble.SLOW_DOWN, detail, headers={"Retry-After": str(max(1, math.ceil(limit.every)))})
