"""A restored or copied database mails nobody by itself; one that is ours goes on, whatever happened to the machine."""

import os
import shutil

import pytest
from django.db import transaction

from tests.courier.desk import enlist, open_ledger
from tests.courier.people import make_readers, tell_everyone
from tocsin.courier import actions
from tocsin.courier.ledger import epoch as epochs
from tocsin.courier.ledger.database import open_database
from tocsin.courier.ledger.epoch import Epoch, EpochFile, Mark
from tocsin.courier.ledger.journal import Reading
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.models import Batch, Courier, Dispatch, Lane
from tocsin.courier.models import Epoch as Row
from tocsin.courier.queries import books
from tocsin.lib import clock


class Machine:
    """One courier with the state directory it works in. Starting it anew is a new process over the same two things."""

    def __init__(self, url, folder, patience=0.0):
        self.url, self.folder, self.patience = url, folder, patience
        folder.mkdir(exist_ok=True)
        self.ledger = None
        self.start()

    def start(self):
        self.close()
        self.epoch = Epoch.at(self.folder)
        self.epoch.patience = self.patience
        self.ledger = Ledger(open_database(self.url), epoch=self.epoch)
        self.courier = enlist(self.ledger)
        return self

    def claim(self):
        return [lease.dispatch for lease in self.claim_leases()]

    def claim_leases(self):
        return self.ledger.claim(self.courier, Lane.INSTANT, clock.now_us(), 10_000)

    def die(self):
        self.ledger.bury(self.courier, clock.now_us(), reading=Reading(self.courier, "this boot", (), (), whole=True))
        self.close()

    def close(self):
        if self.ledger:
            self.ledger.close()
        self.ledger = None


@pytest.fixture
def machines(committed, tmp_path):
    made = []

    def make(name="state", **changes):
        made.append(Machine(committed, tmp_path / name, **changes))
        return made[-1]

    yield make
    for machine in made:
        machine.close()


def tell(post):
    return tell_everyone(post_id=post)


def held():
    return set(Dispatch.objects.filter(pause_reason="restored").values_list("pk", flat=True))


def go_back(to):
    """As if a backup from then had been restored, without the tellings since."""
    Row.objects.update(lineage=to.lineage, number=to.number)


@pytest.fixture(autouse=True)
def _readers(committed):
    make_readers(2)


def test_a_fresh_installation_begins(machines):
    first = tell(1)
    machine = machines()
    assert machine.claim() == [first.pk]
    assert not held()
    second = tell(2)
    assert machine.claim() == [second.pk]
    assert Row.objects.get().number > 1


def test_every_claim_moves_it_on_and_the_file_follows(machines):
    machine = machines()
    numbers = []
    for post in range(3):
        tell(post)
        machine.claim()
        numbers.append((Row.objects.get().number, machine.epoch.file.read().number))
    assert [database for database, _ in numbers] == [file for _, file in numbers]
    assert len(set(numbers)) == 3


def test_it_goes_on_after_any_restart(machines):
    machine = machines()
    tell(1)
    machine.claim()
    for post in (2, 3):
        dispatch = tell(post)
        machine.die()
        machine.start()
        assert dispatch.pk in machine.claim()
    assert not held()


def test_after_a_power_loss_the_file_may_lag_behind(machines):
    machine = machines()
    tell(1)
    machine.claim()
    kept = machine.epoch.file.read()
    tell(2)
    machine.claim()
    machine.die()
    machine.epoch.file.write(kept)
    third = tell(3)
    assert third.pk in machine.start().claim()
    assert not held()


def test_a_database_restored_from_an_hour_ago_mails_nobody_by_itself(machines):
    machine = machines()
    old = tell(1)
    machine.claim()
    backup = Row.objects.get()
    tell(2)
    machine.claim()
    machine.die()
    go_back(backup)
    machine.start()
    assert machine.claim() == []
    assert old.pk in held()
    new = tell(3)
    assert machine.claim() == [new.pk], "new publishing goes on"
    with transaction.atomic():
        assert actions.resume_all() == 2
    assert sorted(machine.claim()) == [old.pk, new.pk - 1]
    machine.die()
    fourth = tell(4)
    assert fourth.pk in machine.start().claim()


def test_a_database_that_is_restored_under_a_running_courier_is_noticed(machines):
    machine = machines()
    tell(1)
    machine.claim()
    backup = Row.objects.get()
    tell(2)
    machine.claim()
    go_back(backup)
    third = tell(3)
    assert machine.claim() == []
    assert machine.claim() == []
    assert third.pk in held()


def test_what_is_left_of_a_cancelled_telling_is_not_held(machines):
    machine = machines()
    cancelled, old = tell(1), tell(2)
    machine.claim()
    with transaction.atomic():
        actions.cancel(cancelled, "no")
    machine.die()
    Row.objects.update(number=0)  # as if it had been restored
    assert machine.start().claim() == []
    assert books(cancelled.pk).suppressed == books(cancelled.pk).audience
    assert held() == {old.pk}


def test_a_copy_without_the_state_directory_mails_nobody(machines, tmp_path):
    original = machines()
    unsettled = tell(1)
    original.claim()
    copy = machines("another machine")
    assert copy.claim() == []
    assert held() == {unsettled.pk}


def test_a_copy_with_the_state_directory_mails_nobody(machines, tmp_path):
    original = machines()
    unsettled = tell(1)
    original.claim()
    original.die()
    shutil.copytree(tmp_path / "state", tmp_path / "copy")
    assert machines("copy").claim() == []
    assert held() == {unsettled.pk}


def test_a_database_from_elsewhere_mails_nobody(machines):
    machine = machines()
    unsettled = tell(1)
    machine.claim()
    machine.die()
    Row.objects.update(lineage="f" * 32, number=10**6)
    assert machine.start().claim() == []
    assert held() == {unsettled.pk}


def test_a_copy_that_is_refreshed_is_held_again(machines):
    original = machines()
    tell(1)
    original.claim()
    backup = Row.objects.get()
    staging = machines("staging")
    staging.claim()
    with transaction.atomic():
        actions.resume_all()
    staging.die()
    Row.objects.update(lineage=backup.lineage, number=backup.number + 1000)
    assert staging.start().claim() == []
    assert held()


def test_a_lost_state_directory_with_nothing_unsettled_holds_nothing(machines):
    machine = machines()
    tell(1)
    machine.claim()
    Batch.objects.update(due_us=None, token=None, courier=None)
    shutil.rmtree(machine.folder)
    machine = machines(patience=1000.0)
    new = tell(2)
    Batch.objects.filter(dispatch=new).update(due_us=None)
    assert machine.claim() == []
    assert machine.ledger.join(machine.courier, clock.now_us())
    new = tell(3)
    assert machine.claim() == [new.pk]
    assert not held()


def test_another_host_joins_while_a_courier_beats(machines):
    first = machines("one")
    tell(1)
    first.claim()
    second = machines("two", patience=1000.0)
    dispatch = tell(2)
    assert second.claim() == [], "it is not known yet"
    first.ledger.beat(first.courier)
    assert second.claim() == [dispatch.pk]
    third = tell(3)
    assert first.claim() == [third.pk]
    assert not held()


def test_who_does_not_know_the_database_either_vouches_for_nothing(machines):
    original = machines("original")
    tell(1)
    original.claim()
    original.die()
    first, second = machines("copy one", patience=1000.0), machines("copy two", patience=0.0)
    for machine in (first, second):
        machine.ledger.beat(machine.courier)
    second.ledger.join(second.courier, clock.now_us())
    assert len(held()) == 1


def test_others_notice_that_one_of_them_held_everything_and_go_on(machines):
    one, two = machines("one"), machines("two")
    two.epoch.patience = 1000.0
    tell(1)
    one.claim()
    one.ledger.beat(one.courier)
    backup = Row.objects.get()
    tell(2)
    one.claim()
    one.die()
    go_back(backup)
    one.start().claim()
    assert len(held()) == 2
    new = tell(3)
    assert two.claim() == []
    one.ledger.beat(one.courier)
    assert two.claim() == [new.pk]
    assert len(held()) == 2


def test_a_courier_that_enlists_anew_still_knows_the_database(machines):
    machine = machines(patience=1000.0)
    tell(1)
    machine.claim()
    machine.ledger.bury(
        machine.courier, clock.now_us(), reading=Reading(machine.courier, "this boot", (), (), whole=True)
    )
    machine.courier = enlist(machine.ledger)
    assert machine.claim()
    assert Courier.objects.get(pk=machine.courier).joined


def test_it_moves_on_once_a_minute(machines, monkeypatch):
    machine = machines()
    tell(1)
    machine.claim()
    before = Row.objects.get().number
    machine.ledger.beat(machine.courier)
    assert Row.objects.get().number == before
    monkeypatch.setattr(epochs, "MINUTE", 0.0)
    machine.ledger.beat(machine.courier)
    assert Row.objects.get().number == before + 1 == machine.epoch.file.read().number


def test_a_claim_that_cannot_be_remembered_is_not_worked_on(machines, monkeypatch):
    machine = machines()
    tell(1)
    machine.claim()
    tell(2)

    def refuse(*_):
        raise OSError("no space")

    monkeypatch.setattr(os, "pwrite", refuse)
    with pytest.raises(OSError, match="no space"):
        machine.claim()


@pytest.mark.parametrize("content", [b"", b"garbage", b"abc 1 not-a-number\n", bytes(range(256))])
def test_a_file_that_cannot_be_read_is_no_mark(tmp_path, content):
    (tmp_path / "epoch").write_bytes(content)
    assert EpochFile(tmp_path / "epoch").read() is None


def test_a_mark_is_read_as_it_was_written(tmp_path):
    file = EpochFile(tmp_path / "state" / "epoch")
    assert file.read() is None
    for number in (1, 2**62, 3):
        file.write(Mark("a" * 32, number))
        assert file.read() == Mark("a" * 32, number)
    shutil.copy2(tmp_path / "state" / "epoch", tmp_path / "state" / "copied")
    assert EpochFile(tmp_path / "state" / "copied").read() is None


def test_without_an_epoch_nothing_is_guarded(committed):
    tell(1)
    ledger = open_ledger(committed)
    assert ledger.claim(enlist(ledger), Lane.INSTANT, clock.now_us(), 10)
    assert not Row.objects.exists()
    ledger.close()


def test_what_plans_itself_in_a_copy_is_held_until_a_person_lets_it_go_on(machines):
    machine = machines()
    tell(1)
    machine.claim()
    backup = Row.objects.get()
    tell(2)
    machine.claim()
    machine.die()
    go_back(backup)
    machine.start()
    assert machine.claim() == []
    with transaction.atomic():
        digest = actions.open_digest("Digest", since_us=0)
    assert digest.pk in held()
    with transaction.atomic():
        actions.resume_all()
    with transaction.atomic():
        assert not Dispatch.objects.get(pk=actions.open_digest("Digest", since_us=clock.now_us() + 1).pk).paused_us
