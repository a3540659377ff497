"""The courier's own file: whatever is torn, cut or flipped, what it tells is true, and it says when something is missing."""

import errno
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.courier.ledger import journal as journals
from tocsin.courier.ledger.journal import Journal, is_dead, read
from tocsin.courier.ledger.results import Intent, Result
from tocsin.courier.states import Evidence

COURIER, BOOT = "c" * 32, "0d6d2b2e-boot"
ON_THE_WIRE = [Evidence.TAKEN, Evidence.PUT_OFF, Evidence.REFUSED, Evidence.LOST, Evidence.RETURNED]

intents = st.builds(
    Intent,
    delivery=st.integers(1, 2**40),
    batch=st.integers(1, 2**40),
    token=st.integers(0, 2**62),
    number=st.integers(1, 999),
    relay=st.sampled_from(["relay:25", "[::1]:2525", "postausgang.example.org:587"]),
    started_us=st.integers(0, 2**52),
)
replies = st.builds(
    Result,
    delivery=st.integers(1, 2**40),
    batch=st.integers(1, 2**40),
    token=st.integers(0, 2**62),
    number=st.integers(1, 999),
    relay=st.just("relay:25"),
    started_us=st.integers(0, 2**52),
    finished_us=st.integers(0, 2**52),
    evidence=st.sampled_from(ON_THE_WIRE),
    reply=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60),
)
flights = st.lists(st.lists(intents, min_size=1, max_size=4) | st.lists(replies, min_size=1, max_size=4), max_size=6)


def intent(delivery: int, **changes: object) -> Intent:
    values = {"batch": 7, "token": 70, "number": 1, "relay": "relay:25", "started_us": 1000 + delivery}
    return Intent(delivery, **(values | changes))


def reply(to: Intent, evidence: Evidence = Evidence.TAKEN, words: str = "250 ok") -> Result:
    return Result(to.delivery, to.batch, to.token, to.number, to.relay, to.started_us, 9999, evidence, words)


@pytest.fixture
def journal(tmp_path):
    made = Journal.create(tmp_path, COURIER, BOOT)
    yield made
    made.close()


def the_file(folder):
    (path,) = folder.glob("*.journal")
    return path


def written(folder):
    """What stands in the journal's file, without the room that is left in it."""
    return the_file(folder).read_bytes().rstrip(b"\0")


def write_all(folder, records):
    """A journal of its own for one example; the bytes, and where each record ends."""
    for path in folder.glob("*.journal"):
        path.unlink()
    journal = Journal.create(folder, COURIER, BOOT)
    ends = [len(written(folder))]
    for flight in records:
        for record in flight:
            if isinstance(record, Intent):
                journal.intend([record])
            else:
                journal.came_back(record)
            ends.append(len(written(folder)))
    journal.close()
    return written(folder), ends


def told(reading):
    """What a reading says, to be compared with what was written."""
    return reading.replies, reading.open


def expected(records):
    waiting, answered = {}, []
    for record in records:
        if isinstance(record, Intent):
            waiting[record.delivery] = record
        else:
            waiting.pop(record.delivery, None)
            answered.append(record)
    return tuple(answered), tuple(waiting.values())


def test_an_intent_without_reply_is_open(journal):
    first, second = intent(1), intent(2)
    journal.intend([first, second])
    journal.came_back(reply(first))
    reading = journal.read()
    assert reading.open == (second,)
    assert reading.replies == (reply(first),)
    assert (reading.courier, reading.boot, reading.whole) == (COURIER, BOOT, True)


def test_a_journal_that_is_closed_is_not_begun_anew(journal, tmp_path):
    journal.intend([intent(1)])
    journal.close()
    with pytest.raises(ValueError, match="closed"):
        journal.intend([intent(2)])
    assert is_dead(tmp_path, COURIER)


def test_a_reply_answers_the_latest_intent(journal):
    first, again = intent(1), intent(1, started_us=5000)
    journal.intend([first])
    journal.came_back(reply(first, Evidence.RETURNED))
    journal.intend([again])
    assert journal.read().open == (again,)


@given(records=flights)
def test_what_is_written_is_read(tmp_path_factory, records):
    folder = tmp_path_factory.mktemp("journal")
    write_all(folder, records)
    reading = read(folder, COURIER)
    assert told(reading) == expected([record for flight in records for record in flight])
    assert reading.whole


@given(records=flights, data=st.data())
def test_cut_anywhere_the_whole_records_before_the_cut_are_read(tmp_path_factory, records, data):
    folder = tmp_path_factory.mktemp("journal")
    content, ends = write_all(folder, records)
    cut = data.draw(st.integers(0, len(content)))
    the_file(folder).write_bytes(content[:cut])
    reading = read(folder, COURIER)
    if cut < ends[0]:
        assert reading is None
        return
    kept = [record for flight in records for record in flight][: sum(end <= cut for end in ends) - 1]
    assert told(reading) == expected(kept)
    assert reading.whole, "a torn end is no damage: what stood there had not been promised"


@given(records=flights, data=st.data())
def test_with_any_byte_flipped_nothing_false_is_believed(tmp_path_factory, records, data):
    folder = tmp_path_factory.mktemp("journal")
    content, ends = write_all(folder, records)
    at = data.draw(st.integers(0, len(content) - 1))
    flip = data.draw(st.integers(1, 255))
    the_file(folder).write_bytes(content[:at] + bytes([content[at] ^ flip]) + content[at + 1 :])
    reading = read(folder, COURIER)
    if at < ends[0]:
        assert reading is None or not reading.whole or not records
        return
    written = [record for flight in records for record in flight]
    sound = sum(end <= at for end in ends) - 1
    assert told(reading) == expected(written[:sound])
    assert reading.whole == (sound == len(written) - 1), "records behind the damage are missed"


@given(garbage=st.binary(max_size=300))
def test_garbage_at_the_end_is_dropped(tmp_path_factory, garbage):
    folder = tmp_path_factory.mktemp("journal")
    content, _ = write_all(folder, [[intent(1)]])
    the_file(folder).write_bytes(content + garbage)
    assert read(folder, COURIER).open == (intent(1),)


def test_it_is_locked_while_its_courier_lives(tmp_path, journal):
    journal.intend([intent(1)])
    assert not is_dead(tmp_path, COURIER)
    journal.close()
    assert is_dead(tmp_path, COURIER)
    assert read(tmp_path, COURIER).open
    journals.remove(tmp_path, COURIER)
    assert not is_dead(tmp_path, COURIER), "what is not here says nothing"
    assert read(tmp_path, COURIER) is None
    assert journals.couriers(tmp_path) == set()


def test_a_full_file_is_followed_by_another_and_goes_when_it_is_settled(tmp_path, monkeypatch):
    monkeypatch.setattr(journals, "ROOM", 1000)
    journal = Journal.create(tmp_path, COURIER, BOOT)
    for delivery in range(1, 60):
        journal.intend([intent(delivery)])
        if delivery > 2:
            journal.settled([delivery])
    files = sorted(path.name for path in tmp_path.iterdir())
    assert len(files) > 2
    assert [found.delivery for found in journal.read().open] == list(range(1, 60)), "the first two hold everything back"
    journal.settled([1, 2])
    assert len(list(tmp_path.iterdir())) == 1
    assert journal.read().whole
    assert not is_dead(tmp_path, COURIER)


def test_a_reply_in_the_next_file_answers_an_intent_in_the_last(tmp_path, monkeypatch):
    monkeypatch.setattr(journals, "ROOM", 0)
    journal = Journal.create(tmp_path, COURIER, BOOT)
    journal.intend([intent(1), intent(2)])
    journal.came_back(reply(intent(1)))
    assert len(list(tmp_path.iterdir())) == 2, "the first held nothing"
    assert journal.read().open == (intent(2),)


def test_killed_while_beginning_a_file_it_is_whole(tmp_path, journal):
    journal.intend([intent(1)])
    (tmp_path / f"{COURIER}.1.journal").write_bytes(b"\x20\x00")
    reading = read(tmp_path, COURIER)
    assert (reading.open, reading.whole) == ((intent(1),), True)


def test_another_couriers_file_in_its_place_is_not_believed(tmp_path, journal):
    journal.intend([intent(1)])
    other = Journal.create(tmp_path, "d" * 32, BOOT)
    other.intend([intent(2)])
    (tmp_path / f"{'d' * 32}.0.journal").rename(tmp_path / f"{COURIER}.1.journal")
    reading = read(tmp_path, COURIER)
    assert (reading.open, reading.whole) == ((intent(1),), False)


def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path):
    folder = tmp_path / "courier"
    code = f"""
import resource
from pathlib import Path
from tocsin.courier.ledger import journal as journals
from tests.courier.test_journal import intent, COURIER, BOOT
journals.ROOM = 200
journal = journals.Journal.create(Path({str(folder)!r}), COURIER, BOOT)
journal.intend([intent(1)])
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
try:
    journal.intend([intent(2), intent(3)])
except OSError as error:
    print(error.errno)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.intend([intent(4)])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) in {errno.ENOSPC, errno.EFBIG}
    reading = read(folder, COURIER)
    assert [found.delivery for found in reading.open] == [1, 4]
    assert reading.whole


KILLED_WHILE_WRITING = """
import sys
from pathlib import Path
from tocsin.courier.ledger.journal import Journal
from tests.courier.test_journal import intent, COURIER, BOOT
journal = Journal.create(Path(sys.argv[1]), COURIER, BOOT)
number = 0
while True:
    number += 1
    flight = [intent(32 * number + at) for at in range(32)]
    journal.intend(flight)
    print(number, flush=True)
"""


def test_after_a_kill_every_promised_intent_is_read(tmp_path):
    for round_ in range(2):
        folder = tmp_path / str(round_)
        process = subprocess.Popen([sys.executable, "-c", KILLED_WHILE_WRITING, folder], stdout=subprocess.PIPE)
        promised = [int(process.stdout.readline()) for _ in range(50)][-1]
        process.send_signal(signal.SIGKILL)
        promised = int((process.stdout.read().split() or [promised])[-1])
        process.wait()
        found = [intent.delivery for intent in read(folder, COURIER).open]
        assert found[: 32 * promised] == list(range(32, 32 * promised + 32))
        assert is_dead(folder, COURIER)
