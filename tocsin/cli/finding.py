"""What one check of `tocsin doctor` found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`mend` tells what to do when it is not ok. When it is ok, `mend` is what could be better, mostly nothing."""

    check: str
    ok: bool
    message: str
    mend: str = ""
