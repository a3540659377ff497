"""Importing: every good row, nobody revived, nobody mailed; exporting is its inverse."""

import io
import os
import time
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction

from tests.audience.people import ask, record, subscribe, told, topic
from tocsin.audience import actions, queries
from tocsin.audience.actions import Confirmed
from tocsin.audience.exchange import exporting, importing, outcomes, people, reading, staging
from tocsin.audience.exchange.columns import Standing
from tocsin.audience.exchange.importing import Counts
from tocsin.audience.exchange.people import Terms
from tocsin.audience.exchange.rows import BadRow
from tocsin.audience.models import Address, Consent, Publication, Subscriber, Subscription, Suppression
from tocsin.courier.models import Delivery, Dispatch
from tocsin.lib import addresses
from tocsin.lib.errors import Refused


@dataclass(frozen=True)
class Report:
    """What came of an import."""

    counts: Counts
    rejected: list[BadRow]


def load(
    content: str | bytes, consent: str = "On paper, 2026", *, dry_run: bool = False, encoding: str = "", **terms: Any
) -> Report:
    file = io.BytesIO(content.encode() if isinstance(content, str) else content)
    with importing.planned(reading.read(file, reading.Choices(encoding)), Terms(**terms)) as plan:
        counts = plan.counts()
        if not dry_run:
            assert plan.write(consent, "people.csv") == counts
        return Report(counts, list(plan.rejects))


def numbers(report: Report) -> tuple[int, int, int, int]:
    return report.counts.added, report.counts.unchanged, report.counts.kept_out, len(report.rejected)


def difference(text: str) -> list[str]:
    """What an import would do, row by row."""
    with importing.planned(reading.read(io.BytesIO(text.encode()))) as plan:
        return [" ".join(filter(None, outcomes.row(outcome))) for outcome in plan.outcomes()]


def suppressions() -> dict[bytes, str]:
    return {bytes(row.address_hash): row.reason for row in Suppression.objects.all()}


def hash_of(address: str) -> bytes:
    return queries.hash_of(addresses.parse(address))


@pytest.mark.django_db
def test_good_rows_are_subscribed_at_once_and_nobody_is_mailed():
    parks = topic("parks")
    report = load(
        "email,name,topics,cadence\nMira@example.org,Míra,,\ntaras@example.org,,parks,daily\ntemur@bücher.example,,,\n"
    )
    assert numbers(report) == (3, 0, 0, 0)
    assert told() == ["Mira@example.org", "temur@bücher.example"]
    taras = Subscriber.objects.get(addresses__value="taras@example.org")
    assert (taras.status, taras.source, taras.language) == ("active", "import", "en")
    assert queries.chosen(taras) == {parks.pk: "daily"}
    assert taras.public_id.version == 4
    assert not Dispatch.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_the_stated_consent_is_on_record_with_the_line_it_came_from():
    load("email\nmira@example.org\n", consent="Signed at the\n assembly")
    row = Consent.objects.get()
    assert (row.event, row.text.purpose, row.text.wording) == ("imported", "import", "Signed at the assembly")
    assert row.how == "import of people.csv, line 2"
    assert bytes(row.address_hash) == bytes(Address.objects.get().hash)


@pytest.mark.parametrize("consent", ["", "  \n", "x" * 2001, "a\0b"])
@pytest.mark.django_db
def test_without_stated_consent_nothing_is_imported(consent):
    with pytest.raises(Refused, match="consent"):
        load("email\nmira@example.org\n", consent=consent)
    assert not Subscriber.objects.exists()


@pytest.mark.django_db
def test_who_is_subscribed_keeps_name_and_choices():
    parks = topic("parks")
    person = subscribe("mira@example.org", "Mira", {parks.pk: "weekly"})
    assert numbers(load("email,name,cadence\nMIRA@example.org,Other,instant\n")) == (0, 1, 0, 0)
    person.refresh_from_db()
    assert (person.name, queries.chosen(person)) == ("Mira", {parks.pk: "weekly"})
    assert record(person) == ["asked", "confirmed"]


@pytest.mark.django_db
def test_who_left_or_must_not_be_written_to_is_never_revived():
    left = subscribe("left@example.org")
    actions.unsubscribe(left.public_id, "page")
    actions.erase(subscribe("erased@example.org").public_id)
    subscribe("bounced@example.org")
    for address in ("bounced@example.org", "spam@example.org"):
        Suppression.objects.create(address_hash=queries.hash_of(addresses.parse(address)), reason="complained")
    back = subscribe("back@example.org")
    actions.unsubscribe(back.public_id, "page")
    ask("back@example.org")
    names = ["left", "erased", "bounced", "spam", "back"]
    assert numbers(load("email\n" + "".join(f"{name}@example.org\n" for name in names))) == (0, 0, 5, 0)
    assert told() == []


@pytest.mark.django_db
def test_who_asked_but_did_not_confirm_is_subscribed_by_the_stated_consent():
    parks = topic("parks")
    person = ask("mira@example.org", "Somebody", {}).address.subscriber
    assert numbers(load("email,name,topics\nmira@example.org,Mira,parks\n")) == (1, 0, 0, 0)
    person.refresh_from_db()
    assert (person.name, person.status, queries.chosen(person)) == ("Mira", "active", {parks.pk: "instant"})
    assert person.addresses.get().confirmed_at is not None
    assert record(person) == ["asked", "imported"]
    assert actions.confirm(person.public_id) is Confirmed.BEFORE


@pytest.mark.django_db
def test_an_address_twice_in_a_file_counts_once_and_the_first_row_holds():
    report = load("email,name\nmira@example.org,First\nMIRA@EXAMPLE.ORG,Second\nmira@example.org,Third\n")
    assert numbers(report) == (1, 0, 0, 0)
    assert report.counts.repeated == 2
    assert Subscriber.objects.get().name == "First"


@pytest.mark.django_db
def test_bad_rows_are_named_with_line_and_reason_and_the_good_ones_taken():
    topic("parks")
    report = load(
        "email,name,topics,cadence\nnobody,,,\nmira@example.org,Mira,,\nbob@example.org,http://evil.example,,\n"
        'c@example.org,,parcs,\nd@example.org,,,hourly\n"e@example.org,,,\nf@example.org,F,parks,alerts\n'
    )
    assert numbers(report)[:3] == (2, 0, 0)
    assert [bad.line for bad in report.rejected] == [2, 4, 5, 6, 7]
    assert all(len(bad.reason) > 10 for bad in report.rejected)
    assert "known: parks" in report.rejected[2].reason


@pytest.mark.django_db
def test_a_large_file_is_checked_in_a_second_process_and_nothing_gets_lost_on_the_way(monkeypatch):
    """What a row far down is the first to want, and what is bad about another, come back with the people."""
    parks = topic("parks")
    monkeypatch.setattr(people, "AT_ONCE", 100)
    checked = people.Checker._checked

    def watched(self: people.Checker, rows: Any) -> people.Checked:
        found = checked(self, rows)
        return found._replace(bad=[BadRow(bad.line, f"{bad.reason} {os.getpid()}") for bad in found.bad])

    monkeypatch.setattr(people.Checker, "_checked", watched)
    rows = [f"r{number}@example.org,,,," for number in range(1000)]
    rows[10] = "nobody,,,,"
    rows[500] = "taras@example.org,parks,weekly,7,monday"
    rows[800] = "nobody either,,,,"
    report = load("email,topics,cadence,digest_hour,digest_weekday\n" + "\n".join(rows))
    assert numbers(report) == (998, 0, 0, 2)
    taras = Subscriber.objects.get(addresses__value="taras@example.org")
    assert (queries.chosen(taras), taras.digest_hour, taras.digest_weekday) == ({parks.pk: "weekly"}, 7, 0)
    assert [bad.line for bad in report.rejected] == [12, 802]
    here, elsewhere = (int(bad.reason.split()[-1]) for bad in report.rejected)
    assert here == os.getpid() != elsewhere


@pytest.mark.django_db
def test_a_dry_run_says_the_same_and_writes_nothing():
    text = "email\nmira@example.org\nnobody\n"
    dry = load(text, dry_run=True)
    assert not Subscriber.objects.exists()
    assert not Consent.objects.exists()
    assert load(text) == dry == Report(Counts(added=1), [BadRow(3, dry.rejected[0].reason)])


@pytest.mark.django_db
def test_importing_twice_changes_nothing():
    text = "email\n" + "".join(f"r{number}@example.org\n" for number in range(2500))
    assert numbers(load(text)) == (2500, 0, 0, 0)
    assert numbers(load(text)) == (0, 2500, 0, 0)
    assert Subscriber.objects.count() == Subscription.objects.count() == Consent.objects.count() == 2500


def test_an_import_that_is_cut_off_goes_on_where_it_was(committed, monkeypatch):
    """The first chunks are in; the same file again brings in the rest, and nobody twice."""
    monkeypatch.setattr(importing.Pace, "took", lambda *_: None)
    monkeypatch.setattr(importing, "FIRST_ROWS", 400)
    text = "email\n" + "".join(f"r{number}@example.org\n" for number in range(1000))
    done: list[bytes] = []

    def cut_off(_: Counts, after: bytes) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(after)

    with importing.planned(reading.read(io.BytesIO(text.encode()))) as plan, pytest.raises(KeyboardInterrupt):
        plan.write("On paper", "people.csv", written=cut_off)
    assert Subscriber.objects.count() == Consent.objects.count() == Subscription.objects.count() == 800
    with importing.planned(reading.read(io.BytesIO(text.encode()))) as plan:
        assert plan.write("On paper", "people.csv", after=done[-1]) == Counts(added=200)
    assert Subscriber.objects.count() == Consent.objects.count() == 1000
    assert numbers(load(text)) == (0, 1000, 0, 0)


def test_others_write_while_an_import_goes_on(committed, monkeypatch):
    """No transaction is open while the file is read, or between two chunks."""
    monkeypatch.setattr(people, "AT_ONCE", 100)
    text = "email\n" + "".join(f"r{number}@example.org\n" for number in range(3000))
    states: list[bool] = []

    def look(_: importing.Progress) -> None:
        states.append(connection.in_atomic_block)
        if connection.vendor == "sqlite":
            states.append(connection.connection.in_transaction)

    with importing.planned(reading.read(io.BytesIO(text.encode())), report=look) as plan:
        plan.write("On paper", "people.csv", report=look)
    assert len(states) > 30
    assert not any(states)


def test_a_chunk_looks_each_address_up_by_an_index_however_many_there_are(committed):
    """The statistics of a moment ago, when there was nobody, would have all of them read for every chunk."""
    text = "email\n" + "".join(f"r{number}@example.org\n" for number in range(12_000))
    with importing.planned(reading.read(io.BytesIO(text.encode()))) as plan:
        plan.write("On paper", "people.csv")
        with transaction.atomic(), staging.one_by_one(), connection.cursor() as cursor:
            how = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}[connection.vendor]
            query = staging.sql("take").removeprefix("CREATE TEMPORARY TABLE import_chunk AS")
            cursor.execute(f"{how} {query}", {"after": 8000, "until": 10_000})
            lines = [str(row[-1]) for row in cursor.fetchall()]
            if connection.vendor == "postgresql":
                cursor.execute("SHOW jit")
                assert cursor.fetchone() == ("off",), "compiling such a query takes ten times as long as answering it"
    looked_up = {"sqlite": "(channel=? AND hash=?)", "postgresql": "(hash = p.hash)"}[connection.vendor]
    assert any(looked_up in line and ("Index Cond" in line or "USING INDEX" in line) for line in lines), lines


def test_the_pace_follows_the_machine():
    pace = importing.Pace(0.1, 0, rows=2000)
    pace.took(0.4)
    assert pace.rows == 1000
    pace.took(0.01)
    assert pace.rows == 2000
    for _ in range(20):
        pace.took(60)
    assert pace.rows == pace.least


@pytest.mark.django_db
def test_a_file_that_turns_bad_at_its_end_still_gives_its_good_rows():
    report = load("email,name\nb@example.org,Тарас\n".encode() + b"a@example.org,A\n" * 5000 + b"\xff\xfe\xfa\n")
    assert numbers(report) == (2, 0, 0, 1)
    assert report.counts.repeated == 4999


def exported() -> str:
    file = io.StringIO()
    exporting.write(exporting.rows(), exporting.SHORT, file)
    return file.getvalue()


@pytest.mark.django_db
def test_exporting_is_the_inverse_of_importing():
    topic("parks")
    topic("roads")
    actions.mirror_followable("author", "ana", "Ana")
    text = (
        "email,name,topics,cadence\r\n"
        "mira@example.org,\"Smith, Míra\",,instant\r\n"
        "'+plus@example.org,'=1+1,parks,weekly\r\n"
        "taras@example.org,Тарас,parks|roads,daily\r\n"
        "both@example.org,,*|author:ana|parks,alerts|instant|daily\r\n"
        "none@example.org,,,none\r\n"
    )  # fmt: skip
    assert numbers(load(text)) == (5, 0, 0, 0)
    assert exported() == text
    Subscriber.objects.all().delete()
    assert numbers(load(text)) == (5, 0, 0, 0)
    assert exported() == text


@pytest.mark.django_db
def test_only_who_may_be_written_to_is_exported():
    ask("pending@example.org")
    actions.unsubscribe(subscribe("left@example.org").public_id, "page")
    subscribe("bounced@example.org")
    Suppression.objects.create(address_hash=queries.hash_of(addresses.parse("bounced@example.org")), reason="bounced")
    subscribe("mira@example.org")
    assert [row[0] for row in exporting.rows()] == ["mira@example.org"]


LISTS = [
    (
        "mailchimp",
        (
            "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,EUID,NOTES,TAGS\n"
            'in@example.org,Míra,Koval,2,2019-03-01 08:00:00,192.0.2.1,2019-03-01 08:05:00,192.0.2.1,1,2,,"""a"",""b"""\n'
        ),
        {"in@example.org": "Míra Koval"},
        [],
    ),
    (
        "mailchimp",
        "Email Address,First Name,UNSUB_TIME,UNSUB_REASON,LEID,EUID\nout@example.org,Out,2020-01-01 10:00:00,N/A,1,2\n",
        {},
        ["unsubscribed"],
    ),
    ("mailchimp", "Email Address,UNSUB_TIME,LEID,EUID\nout@example.org,,1,2\n", {}, ["unsubscribed"]),
    (
        "mailchimp",
        "Email Address,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,LEID,EUID\nout@example.org,2020-01-01 10:00:00,News,1,2\n",
        {},
        ["bounced"],
    ),
    (
        "substack",
        (
            "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
            "in@example.org,false,,other,false,2025-01-01,\nout@example.org,true,,yearly,true,2025-01-01,\n"
        ),
        {"in@example.org": ""},
        ["unsubscribed"],
    ),
    (
        "ghost",
        (
            "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
            "1,in@example.org,In,,true,false,,2026-01-01T00:00:00.000Z,,,\n"
            "2,out@example.org,Out,,false,false,,2026-01-01T00:00:00.000Z,,,\n"
        ),
        {"in@example.org": "In"},
        ["unsubscribed"],
    ),
    (
        "buttondown",
        (
            "email,notes,metadata,tags,creation_date,type,unsubscription_date\n"
            "in@example.org,,{},,2026-01-01,regular,\nwaits@example.org,,{},,2026-01-01,unactivated,\n"
            "out@example.org,,{},,2026-01-01,unsubscribed,2026-02-01\nspam@example.org,,{},,2026-01-01,complained,\n"
        ),
        {"in@example.org": ""},
        ["complained", "unsubscribed"],
    ),
    (
        "mailpoet",
        (
            '\ufeff"Email","First name","Last name","Subscription time","List status","Global status","List"\n'
            '"in@example.org","Bob \\"B\\"","Smith","2026-01-01","subscribed","subscribed","News"\n'
            '"out@example.org","O","","2026-01-01","subscribed","bounced","News"\n'
            '"waits@example.org","W","","2026-01-01","unconfirmed","unconfirmed","News"\n'
        ),
        {"in@example.org": 'Bob "B" Smith'},
        ["bounced"],
    ),
    (
        "listmonk",
        (
            "uuid,email,name,attributes,status,created_at,updated_at\n"
            'u1,in@example.org,In,"{""city"": ""Lviv""}",enabled,2026-01-01,2026-01-01\n'
            "u2,out@example.org,Out,{},blocklisted,2026-01-01,2026-01-01\n"
            "u3,off@example.org,Off,{},disabled,2026-01-01,2026-01-01\n"
        ),
        {"in@example.org": "In"},
        ["manual", "unsubscribed"],
    ),
    (
        "acymailing",
        (
            '"name";"email";"creation_date";"active";"confirmed";"confirmation_date"\n'
            '"In";"in@example.org";"2026-01-01 00:00:00";"1";"1";"2026-01-01 00:00:00"\n'
            '"Off";"off@example.org";"2026-01-01 00:00:00";"0";"1";""\n'
            '"W";"waits@example.org";"2026-01-01 00:00:00";"1";"0";""\n'
        ),
        {"in@example.org": "In"},
        ["manual"],
    ),
    (
        "acymailing",
        (
            "subid,name,email,created,confirmed,enabled,accept\n1,In,in@example.org,1270139868,1,1,1\n"
            "2,Out,out@example.org,1270139868,1,1,0\n"
        ),
        {"in@example.org": "In"},
        ["unsubscribed"],
    ),
    (
        "easyblog",
        "Míra,in@example.org,site,0\nTaras,part@example.org,category,4\n",
        {"in@example.org": "Míra"},
        [],
    ),
    (
        "plain",
        "e-mail;vorname;nachname;status\nin@example.org;Míra;Koval;active\nout@example.org;;;Unsubscribed\n",
        {"in@example.org": "Míra Koval"},
        ["unsubscribed"],
    ),
]


@pytest.mark.parametrize(("source", "text", "subscribed", "reasons"), LISTS)
@pytest.mark.django_db
def test_lists_of_other_programs_are_recognised_and_nobody_who_left_there_is_told(source, text, subscribed, reasons):
    assert reading.read(io.BytesIO(text.encode())).form.source.key == source
    report = load(text)
    assert report.rejected == []
    assert {row.value: row.subscriber.name for row in Address.objects.select_related("subscriber")} == subscribed
    assert sorted(suppressions().values()) == reasons
    assert report.counts.suppressed == len(reasons)
    again = load(text).counts
    assert (again.added, again.suppressed, again.unchanged) == (0, 0, len(subscribed))
    assert load("email\n" + "".join(f"{name}@example.org\n" for name in ("out", "off", "spam"))).counts.added == (
        3 - len(reasons)
    )


@pytest.mark.django_db
def test_when_they_agreed_elsewhere_is_on_record():
    _, text, *_ = LISTS[0]
    load(text)
    assert Consent.objects.get().how == (
        "import of people.csv, line 2; signed up 2019-03-01 08:00:00, confirmed 2019-03-01 08:05:00"
    )
    load(LISTS[10][1].replace("in@", "other@"))
    assert Consent.objects.latest("id").how == "import of people.csv, line 2; signed up 2010-04-01 16:37"


@pytest.mark.django_db
def test_the_network_address_of_a_sign_up_is_on_record_only_if_the_publication_wants_that():
    text = LISTS[0][1]
    load(text)
    assert Consent.objects.get().ip is None
    Publication.objects.update(record_ip=True)
    load(
        text.replace("in@", "other@") + text.splitlines()[1].replace("in@", "odd@").replace("192.0.2.1", "none") + "\n"
    )
    assert list(Consent.objects.order_by("id").values_list("ip", flat=True)[1:]) == ["192.0.2.1", None]


@pytest.mark.django_db
def test_throw_away_addresses_are_taken_and_flagged():
    load("email\nkept@example.org\nbrief@sub.mailinator.com\n")
    assert list(Address.objects.filter(is_disposable=True).values_list("value", flat=True)) == [
        "brief@sub.mailinator.com"
    ]


@pytest.mark.django_db
def test_who_was_imported_and_left_elsewhere_since_is_unsubscribed():
    load("email\nmira@example.org\n")
    person = Subscriber.objects.get()
    assert load("email,status\nmira@example.org,unsubscribed\n").counts == Counts(kept_out=1, suppressed=1)
    person.refresh_from_db()
    assert (person.status, record(person), told()) == ("left", ["imported", "withdrawn"], [])
    assert not person.subscriptions.exists()
    assert person.past_choices.get().cadence == "instant"
    assert Suppression.objects.get().detail == "import of people.csv, line 2"


@pytest.mark.django_db
def test_who_confirmed_here_stays_whatever_another_list_says():
    person = subscribe("mira@example.org")
    assert load("email,status\nmira@example.org,bounced\n").counts == Counts(unchanged=1)
    person.refresh_from_db()
    assert (person.status, told()) == ("active", ["mira@example.org"])


@pytest.mark.django_db
def test_of_two_rows_for_an_address_the_one_that_says_no_holds():
    text = "email,status\nmira@example.org,active\nMIRA@example.org,unsubscribed\n"
    assert load(text).counts == Counts(kept_out=1, suppressed=1, repeated=1)


@pytest.mark.django_db
def test_everybody_in_a_file_can_be_said_to_have_left():
    assert load("gone@example.org\n", standing=Standing.COMPLAINED).counts == Counts(kept_out=1, suppressed=1)
    assert suppressions() == {hash_of("gone@example.org"): "complained"}


@pytest.mark.django_db
def test_topics_and_pace_can_be_given_for_rows_that_name_none():
    parks, roads = topic("parks"), topic("roads")
    load("email,topics\na@example.org,\nb@example.org,roads\n", topics="parks", cadence="weekly")
    assert [queries.chosen(row.subscriber) for row in Address.objects.order_by("value")] == [
        {parks.pk: "weekly"},
        {roads.pk: "weekly"},
    ]
    category = "Taras,part@example.org,category,4\n"
    assert load(category).counts == Counts(kept_out=1)
    assert load(category, topics="parks").counts == Counts(added=1)


@pytest.mark.django_db
def test_language_and_time_zone_come_along_where_they_are_known_here():
    load("email,language,time zone\na@example.org,uk-UA,Europe/Kyiv\nb@example.org,tlh,Mars/North\n")
    assert list(Subscriber.objects.order_by("id").values_list("language", "time_zone")) == [
        ("uk", "Europe/Kyiv"),
        ("en", ""),
    ]


@pytest.mark.django_db
def test_the_difference_says_what_becomes_of_whom_and_why():
    subscribe("here@example.org")
    actions.unsubscribe(subscribe("left@example.org").public_id, "page")
    assert difference(
        "email,name,status\nnew@example.org,=1,\nnobody,,\nleft@example.org,,\nhere@example.org,,\n"
        "out@example.org,,bounced\nwaits@example.org,,pending\nwhat@example.org,,paying\n"
    ) == [
        "2 added new@example.org =1",
        "3 rejected This is not a valid e-mail address. It must have an @-sign.",
        "4 kept out left@example.org unsubscribed here, or must not be written to",
        "6 suppressed out@example.org bounced there",
        "7 kept out waits@example.org did not confirm there",
        difference("email,status\nwhat@example.org,paying\n")[0].replace("2", "8", 1),
    ]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("Míra Koval <mira@example.org>", "mira@example.org"),
        ("mira@bücher.example", "mira@bücher.example"),
        ("mira@xn--bcher-kva.example", "mira@bücher.example"),
        (f"{'a' * 64}@example.org", f"{'a' * 64}@example.org"),
        ("пошта@укрпошта.укр", "пошта@укрпошта.укр"),
        ("o'neil+news@example.org", "o'neil+news@example.org"),
    ],
)
@pytest.mark.django_db
def test_odd_addresses_that_are_right_are_taken(written, value):
    assert numbers(load(f"email\n{written}\n")) == (1, 0, 0, 0)
    assert Address.objects.get().value == value


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('"""mira k""@example.org"', "valid"),
        ("mira(work)@example.org", "valid"),
        (f"{'a' * 65}@example.org", "valid"),
        ("mira@example", "valid"),
        ("=cmd|' /C calc'!A0", "valid"),
        ("mirа@example.org", "mixes Latin and Cyrillic"),
        ("mira@exаmple.org", "mixes Latin and Cyrillic"),
        ("mira@роса.com", "Cyrillic letters that look Latin"),
        ("mira@xn--exmple-4nf.org", "mixes Latin and Cyrillic"),
        ("a@example.org b@example.org", "valid"),
        ("mira@example.org\x07", "control"),
    ],
)
@pytest.mark.django_db
def test_what_is_no_address_or_pretends_to_be_another_is_rejected(written, words):
    report = load(f"email\n{written}\nb@example.org\n")
    assert numbers(report) == (1, 0, 0, 1)
    assert report.rejected[0].line == 2
    assert words in report.rejected[0].reason


@pytest.mark.django_db
def test_a_name_that_is_only_the_address_is_none():
    load("email,name\nmira@example.org,Mira@example.org\n")
    assert Subscriber.objects.get().name == ""


@pytest.mark.django_db
def test_one_address_a_hundred_thousand_times_is_one_person():
    began = time.process_time()
    report = load("email\n" + "mira@example.org\n" * 100_000)
    assert report.counts == Counts(added=1, repeated=99_999)
    assert time.process_time() - began < 60


@pytest.mark.django_db
def test_the_full_export_says_where_everybody_stands_and_another_installation_keeps_to_it():
    topic("parks")
    load("email,name,topics,language\nin@example.org,In,parks,uk\nout@example.org,Out,,\n", consent="On paper")
    ask("waits@example.org")
    actions.unsubscribe(Subscriber.objects.get(name="Out").public_id, "page")
    file = io.StringIO()
    everybody = exporting.Filter(exporting.Status.ALL)
    assert exporting.write(exporting.rows(everybody), everybody.columns, file) == 3
    lines = file.getvalue().splitlines()
    assert lines[0] == ",".join(exporting.FULL)
    assert lines[1].startswith("in@example.org,In,parks,instant,subscribed,uk,,,,,,yes,no,,20")
    assert lines[1].endswith(",On paper")
    assert [line.split(",")[4] for line in lines[2:]] == ["unsubscribed", "unconfirmed"]
    Subscriber.objects.all().delete()
    Suppression.objects.all().delete()
    assert load(file.getvalue()).counts == Counts(added=1, kept_out=2, suppressed=1)
    assert Consent.objects.latest("id").how.endswith(", On paper")


@pytest.mark.django_db
def test_an_export_can_be_of_one_topic_only():
    topic("parks")
    load("email,topics\na@example.org,parks\nb@example.org,\nc@example.org,*|parks\n")
    wanted = exporting.Filter(topic="parks")
    assert [row[:3] for row in exporting.rows(wanted)] == [
        ("a@example.org", "", "parks"),
        ("c@example.org", "", "*|parks"),
    ]
    with pytest.raises(Refused, match="no topic “roads”"):
        exporting.rows(exporting.Filter(topic="roads"))
