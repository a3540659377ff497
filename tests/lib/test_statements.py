"""Named SQL says the same on both databases."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from tocsin.audience.models import Suppression
from tocsin.lib import clock
from tocsin.lib.statements import SAID, packed

pytestmark = pytest.mark.django_db


def said(macro: str, name: str) -> str:
    return SAID[connection.vendor][macro].format(name)


@pytest.mark.parametrize("microsecond", [0, 1, 123_456, 999_999])
def test_a_moment_is_exact_to_the_microsecond(microsecond):
    at = datetime(2026, 11, 29, 1, 2, 3, microsecond, tzinfo=UTC)
    row = Suppression.objects.create(address_hash=b"x" * 16, reason="manual", at=at)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {said('us', 'at')} FROM audience_suppression WHERE id = %(id)s", {"id": row.pk})
        assert cursor.fetchone() == (clock.from_datetime(at),)


@pytest.mark.parametrize("wanted", [[], [3], [1, 2**40]])
def test_among_is_one_of_them(wanted):
    with connection.cursor() as cursor:
        few = "(SELECT 1 AS number UNION ALL SELECT 2 UNION ALL SELECT 3) AS few"
        cursor.execute(f"SELECT number FROM {few} WHERE number {said('among', 'wanted')}", {"wanted": packed(wanted)})
        assert [number for (number,) in cursor.fetchall()] == [number for number in (1, 2, 3) if number in wanted]
