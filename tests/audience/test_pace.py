"""When readers are told, in their own time zones."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audience.people import subscribe
from tocsin.audience import actions, pace
from tocsin.audience.models import Subscriber
from tocsin.audience.pace import Pace
from tocsin.lib import clock
from tocsin.lib.errors import Refused

ZONES = sorted(available_timezones() - {"localtime"})
zones = st.sampled_from(ZONES)
hours = st.integers(0, 23)
moments = st.integers(
    clock.from_datetime(datetime(2010, 1, 1, tzinfo=UTC)), clock.from_datetime(datetime(2037, 1, 1, tzinfo=UTC))
)
NOBODY_S_CHOICE = {
    "digest_hour": None,
    "digest_weekday": None,
    "quiet_from": None,
    "quiet_until": None,
    "alerts": True,
    "time_zone": "",
}


def us(text: str) -> int:
    return clock.from_datetime(datetime.fromisoformat(text))


def local(moment: int, zone: str) -> datetime:
    return clock.to_datetime(moment).astimezone(ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "hour", "after", "due"),
    [
        ("Europe/Berlin", 7, "2026-11-28T05:59:59Z", "2026-11-28T06:00:00Z"),
        ("Europe/Berlin", 7, "2026-11-28T06:00:00Z", "2026-11-29T06:00:00Z"),
        ("Europe/Berlin", 2, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),  # skipped: the moment of the change
        ("Europe/Berlin", 2, "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"),
        ("Europe/Berlin", 2, "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z"),  # twice: the first
        ("Europe/Berlin", 2, "2026-10-25T00:30:00Z", "2026-10-26T01:00:00Z"),
        ("Asia/Kathmandu", 7, "2026-11-28T00:00:00Z", "2026-11-28T01:15:00Z"),
        ("Australia/Lord_Howe", 2, "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z"),  # skips half an hour
        ("Pacific/Apia", 7, "2011-12-29T17:00:00Z", "2011-12-30T17:00:00Z"),  # skipped a whole day
        ("Pacific/Apia", 7, "2011-12-30T17:00:00Z", "2011-12-31T17:00:00Z"),
        ("Nowhere/Atall", 7, "2026-11-28T06:00:00Z", "2026-11-28T07:00:00Z"),
    ],
)
def test_a_daily_digest_is_due_at_the_reader_s_own_hour(zone, hour, after, due):
    assert Pace(zone, hour, 0).next_daily(us(after)) == us(due)


def test_a_weekly_digest_is_due_on_the_reader_s_own_day():
    assert Pace("America/New_York", 18, 4).next_weekly(us("2026-11-28T00:00:00Z")) == us("2026-12-04T23:00:00Z")


@given(zones, hours, moments)
def test_a_day_has_one_digest_whatever_the_clocks_do(zone, hour, after):
    pace_ = Pace(zone, hour, 0)
    due = pace_.next_daily(after)
    assert after < due <= after + 50 * clock.HOUR
    following = pace_.next_daily(due)
    days = (local(following, zone).date() - local(due, zone).date()).days
    assert days == 1 or zone_skipped_a_day(zone)
    assert 20 * clock.HOUR <= following - due <= 28 * clock.HOUR or zone_skipped_a_day(zone)


def zone_skipped_a_day(zone: str) -> bool:
    """Whether it went over the date line."""
    return zone in {"Pacific/Apia", "Pacific/Fakaofo"}


@given(zones, hours, hours, moments)
def test_quiet_hours_end_at_their_end_and_within_a_day(zone, begin, end, now):
    found = pace.quiet_end(ZoneInfo(zone), begin, end, now)
    here = local(now, zone)
    inside = begin <= here.hour < end if begin <= end else here.hour >= begin or here.hour < end
    assert (found is not None) == inside
    if found is not None:
        assert now <= found <= now + 25 * clock.HOUR
        assert pace.quiet_end(ZoneInfo(zone), begin, end, found) is None or zone_skipped_a_day(zone)


def test_quiet_hours_may_go_past_midnight():
    berlin = ZoneInfo("Europe/Berlin")
    assert pace.quiet_end(berlin, 22, 7, us("2026-11-28T22:30:00Z")) == us("2026-11-29T06:00:00Z")
    assert pace.quiet_end(berlin, 22, 7, us("2026-11-29T02:30:00Z")) == us("2026-11-29T06:00:00Z")
    assert pace.quiet_end(berlin, 22, 7, us("2026-11-29T06:00:00Z")) is None


@pytest.mark.django_db
def test_a_reader_sets_their_pace():
    person = subscribe()
    chosen = {
        "digest_hour": 18,
        "digest_weekday": 4,
        "quiet_from": 22,
        "quiet_until": 7,
        "alerts": False,
        "time_zone": "Asia/Tokyo",
    }
    actions.set_pace(person.public_id, **chosen)
    assert Subscriber.objects.values(*chosen).get() == chosen
    actions.set_pace(person.public_id, **NOBODY_S_CHOICE)
    assert Subscriber.objects.values(*chosen).get() == NOBODY_S_CHOICE


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"digest_hour": 24},
        {"digest_hour": -1},
        {"digest_weekday": 7},
        {"quiet_from": 22},
        {"quiet_until": 7},
        {"quiet_from": 7, "quiet_until": 7},
        {"quiet_from": 22, "quiet_until": 7, "digest_hour": 6},
        {"time_zone": "Europe"},
        {"time_zone": "../etc/passwd"},
        {"time_zone": "Mars/Olympus"},
    ],
)
def test_what_is_no_pace_is_refused_in_words_and_changes_nothing(wrong):
    person = subscribe()
    with pytest.raises(Refused) as refusal:
        actions.set_pace(person.public_id, **(NOBODY_S_CHOICE | wrong))
    assert refusal.value.mend
    assert Subscriber.objects.values(*NOBODY_S_CHOICE).get() == NOBODY_S_CHOICE


@pytest.mark.django_db
def test_only_who_is_subscribed_has_a_pace():
    person = subscribe()
    actions.unsubscribe(person.public_id, "page")
    with pytest.raises(Subscriber.DoesNotExist):
        actions.set_pace(person.public_id, **NOBODY_S_CHOICE)
