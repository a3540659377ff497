"""How two CSV columns say what somebody wants to be told, and at which pace. Pure; reading is the inverse of writing.

`topics` joins slugs with `|`; empty means everything. `cadence` is one for all of them, or one for each, joined the
same way; `none` with no topics means nothing. Beyond topics, `*` stands for everything and `author:SLUG` for an author.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from tocsin.audience.models import Cadence, Followable

EVERYTHING = "*"
AUTHOR = "author:"
NOTHING = "none"
NAMED_AT_MOST = 20


class BadWish(ValueError):  # noqa: N818
    """Topics or cadence that mean nothing here. The message names what does."""


def token(followable: Followable) -> str:
    """How a followable is written."""
    prefixes = {Followable.Kind.EVERYTHING: EVERYTHING, Followable.Kind.TOPIC: "", Followable.Kind.AUTHOR: AUTHOR}
    return prefixes[Followable.Kind(followable.kind)] + followable.slug


def parse(topics: str, cadence: str, menu: Mapping[str, int]) -> dict[int, str]:
    """Followable id -> cadence. `menu`: token -> followable id. Raises BadWish."""
    wanted = list(dict.fromkeys(filter(None, map(str.strip, topics.split("|")))))
    paces = [pace.strip().lower() for pace in cadence.split("|")] if cadence.strip() else [str(Cadence.INSTANT)]
    if not wanted and paces == [NOTHING]:
        return {}
    wanted = wanted or [EVERYTHING]
    if len(paces) == 1:
        paces *= len(wanted)
    if len(paces) != len(wanted):
        raise BadWish(
            _("{cadences} cadences for {topics} topics: give one for all, or one for each").format(
                cadences=len(paces), topics=len(wanted)
            )
        )
    return {_known(topic, menu): _pace(pace) for topic, pace in zip(wanted, paces, strict=True)}


def write(chosen: Mapping[str, str]) -> tuple[str, str]:
    """The two columns for token -> cadence."""
    if not chosen:
        return "", NOTHING
    tokens = sorted(chosen)
    paces = [chosen[token] for token in tokens]
    same = len(set(paces)) == 1
    return "" if tokens == [EVERYTHING] else "|".join(tokens), paces[0] if same else "|".join(paces)


def _known(topic: str, menu: Mapping[str, int]) -> int:
    try:
        return menu[topic]
    except KeyError:
        known = [token for token in sorted(menu) if token != EVERYTHING and not token.startswith(AUTHOR)]
        more = ", ..." if len(known) > NAMED_AT_MOST else ""
        names = ", ".join(known[:NAMED_AT_MOST]) + more
        raise BadWish(
            _("there is no topic “{topic}”; known: {names}").format(topic=topic[:80], names=names or _("none yet"))
        ) from None


def _pace(pace: str) -> str:
    if pace in Cadence.values:
        return pace
    raise BadWish(
        _("“{pace}” is not a cadence; known: {names}").format(pace=pace[:40], names=", ".join(Cadence.values))
    )
