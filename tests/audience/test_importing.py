"""Importing: all good rows or none, nobody revived, nobody mailed; exporting is its inverse."""

import io

import pytest

from tests.audience.people import ask, record, subscribe, told, topic
from tocsin.audience import actions, csvfile, exporting, importing, queries
from tocsin.audience.actions import Confirmed
from tocsin.audience.csvfile import BadRow
from tocsin.audience.models import Address, Consent, Subscriber, Subscription, Suppression
from tocsin.courier.models import Delivery, Dispatch
from tocsin.lib import addresses
from tocsin.lib.errors import Refused


def load(text: str, consent: str = "On paper, 2026", **options: bool) -> importing.Report:
    table = csvfile.read(io.BytesIO(text.encode()))
    return importing.import_rows(table.rows, consent=consent, source="people.csv", **options)


def numbers(report: importing.Report) -> tuple[int, int, int, int]:
    return report.added, report.unchanged, report.kept_out, len(report.rejected)


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
def test_a_dry_run_says_the_same_and_writes_nothing():
    text = "email\nmira@example.org\nnobody\n"
    dry = load(text, dry_run=True)
    assert not Subscriber.objects.exists()
    assert not Consent.objects.exists()
    assert load(text) == dry == importing.Report(1, 0, 0, [BadRow(3, dry.rejected[0].reason)])


@pytest.mark.django_db
def test_importing_twice_changes_nothing():
    text = "email\n" + "".join(f"r{number}@example.org\n" for number in range(2500))
    assert numbers(load(text)) == (2500, 0, 0, 0)
    assert numbers(load(text)) == (0, 2500, 0, 0)
    assert Subscriber.objects.count() == Subscription.objects.count() == Consent.objects.count() == 2500


def test_an_import_that_fails_leaves_nothing_behind(committed, monkeypatch):
    monkeypatch.setattr(importing, "WRITING", (*importing.WRITING[:-1], "no_such_statement"))
    with pytest.raises(KeyError):
        load("email\nmira@example.org\n")
    assert not Subscriber.objects.exists()
    assert not Address.objects.exists()
    monkeypatch.undo()
    assert numbers(load("email\nmira@example.org\n")) == (1, 0, 0, 0)


@pytest.mark.django_db
def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing_behind():
    file = io.BytesIO(b"email\n" + b"a@example.org\n" * 5000 + b"\xff\n")
    with pytest.raises(Refused):
        importing.import_rows(csvfile.read(file).rows, consent="On paper", source="people.csv")
    assert not Subscriber.objects.exists()


def exported() -> str:
    file = io.StringIO()
    csvfile.write((row[1:] for row in exporting.rows()), file)
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
    assert [row.email for row in exporting.rows()] == ["mira@example.org"]
