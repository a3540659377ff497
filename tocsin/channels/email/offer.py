"""What a relay offers once it has let us in. For those who look and send nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime
from ssl import cert_time_to_seconds
from typing import Self

from tocsin.channels.email.line import Line


@dataclass(frozen=True)
class Offer:
    """`extensions`: the EHLO keywords. `size_limit`: octets a message may have, None when it sets no limit.

    `certificate_ends`: None without TLS.
    """

    extensions: frozenset[str]
    size_limit: int | None
    certificate_ends: datetime | None

    @classmethod
    def of(cls, line: Line) -> Self:
        """What the relay at the other end of this line said at EHLO."""
        ends = line.certificate.get("notAfter")
        return cls(
            extensions=frozenset(line.client.extensions),
            size_limit=line.client.size_limit,
            certificate_ends=datetime.fromtimestamp(cert_time_to_seconds(ends), tz=UTC) if ends else None,
        )
