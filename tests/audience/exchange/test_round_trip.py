"""Export, import into an empty newsroom, export: the same file to the byte, whatever readers chose."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.audience.exchange.test_importing import load
from tests.audience.exchange.test_rhythms import RHYTHMS
from tests.audience.people import ask, topic
from tests.readers import reader
from tocsin.audience import actions, queries
from tocsin.audience.exchange import exporting
from tocsin.audience.models import Cadence, Consent, Subscriber, Suppression

pytestmark = pytest.mark.django_db
CONSENT = "On paper, 2026"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
CHOICES = st.dictionaries(st.integers(0, 3), st.sampled_from(Cadence.values))
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["", "Mira", "Ó Briain, Seán", '"Quoted"', "=cmd|' /C calc'!A0", "'+1", "Тарас"]),
            "language": st.sampled_from(["en", "de", "fr", "uk"]),
            "time_zone": st.sampled_from(["", "Europe/Kyiv", "Asia/Kathmandu", "America/Argentina/Buenos_Aires"]),
            "paused_until": st.none() | st.integers(-2000, 2000).map(lambda hours: NOW + timedelta(hours=hours)),
        }
    ),
    max_size=6,
)


def exported(*, full: bool) -> str:
    file, wanted = io.StringIO(), exporting.Filter(full=full)
    exporting.write(exporting.rows(wanted), wanted.columns, file)
    return file.getvalue()


def empty() -> None:
    for model in (Subscriber, Suppression, Consent):
        model.objects.all().delete()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE, st.data())
def test_an_export_gives_the_same_export_again(people, data):
    followables = [
        queries.everything(),
        topic("parks"),
        topic("roads"),
        actions.mirror_followable("author", "ana", "A"),
    ]
    with time_machine.travel(NOW, tick=False):
        empty()
        load("email\n" + "".join(f"reader{number}@example.org\n" for number in range(len(people))), CONSENT)
        for person, facts in zip(Subscriber.objects.order_by("id"), people, strict=True):
            rhythm = data.draw(RHYTHMS)._asdict()
            known = {key: value for key, value in rhythm.items() if value is not None}
            Subscriber.objects.filter(pk=person.pk).update(**facts, **known)
            choices = {followables[place].pk: pace for place, pace in data.draw(CHOICES).items()}
            actions.change(person.public_id, name=facts["name"], choices=choices)
        short, full = exported(full=False), exported(full=True)
        for before in (short, full):
            empty()
            assert load(before, CONSENT).counts.added == len(people)
            assert exported(full=before is full) == before


def test_what_the_columns_say_holds_for_who_is_new():
    text = "email,digest hour,digest weekday,quiet from,quiet until,alerts,uncounted,paused until\n"
    load(text + "a@example.org,18,Friday,22,07,no,yes,2036-12-24\nb@example.org,,,,,,,2006-12-24\n")
    first, second = Subscriber.objects.order_by("id")
    assert (first.digest_hour, first.digest_weekday, first.quiet_from, first.quiet_until) == (18, 4, 22, 7)
    assert (first.alerts, first.uncounted, first.paused_until) == (False, True, datetime(2036, 12, 24, tzinfo=UTC))
    assert (second.digest_hour, second.quiet_from, second.paused_until) == (None, None, None), "that break is over"
    assert (second.alerts, second.uncounted) == (True, False)


def test_who_asked_here_keeps_what_the_file_does_not_say():
    person = ask("mira@example.org").address.subscriber
    Subscriber.objects.update(digest_hour=6, digest_weekday=2, alerts=False, time_zone="Europe/Kyiv")
    load("email,digest_hour,uncounted\nmira@example.org,9,yes\n")
    person.refresh_from_db()
    assert (person.status, person.digest_hour, person.uncounted) == ("active", 9, True)
    assert (person.digest_weekday, person.alerts, person.time_zone) == (2, False, "Europe/Kyiv")


def test_who_is_subscribed_keeps_everything():
    person = reader("mira@example.org")
    Subscriber.objects.update(digest_hour=6)
    load("email,digest_hour,alerts,paused_until\nmira@example.org,9,no,2036-12-24\n")
    person.refresh_from_db()
    assert (person.digest_hour, person.alerts, person.paused_until) == (6, True, None)


def test_wrong_rows_are_rejected_with_line_and_reason():
    header = "email,topics,cadence,language,time_zone,digest_hour,paused_until\n"
    report = load(
        header
        + "a@example.org,,,tlh,,,\nb@example.org,,,,Mars/North,,\nc@example.org,,,,,99,\nd@example.org,,,,,,soon\n"
        + "good@example.org,,,de,Europe/Berlin,7,2036-12-24\n"
    )
    assert report.counts.added == 1
    assert [(bad.line, bad.reason) for bad in report.rejected] == [
        (2, "“tlh” is no language known here; known: de, en, fr, uk."),
        (3, "“Mars/North” is no time zone; write it like Europe/Berlin."),
        (4, "“99” is no hour of the day for digest_hour; write 0 to 23."),
        (5, "“soon” is no moment for paused_until; write it like 2026-12-24 or 2026-12-24 08:00, in UTC."),
    ]
