"""Whatever a relay does, and however its bytes are cut: every letter ends once, and as what really became of it."""

from dataclasses import dataclass, field
from itertools import cycle

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.smtp.model import Act, Letter, ModelRelay, ready
from tocsin.smtp.letters import End, Ending
from tocsin.smtp.transfer import Transfer, Way

WAYS = {Way.LOCKSTEP: (), Way.PIPELINED: ("PIPELINING",), Way.CHUNKED: ("PIPELINING", "CHUNKING")}
COUNT = 8

scripts = st.lists(st.sampled_from([Act.YES] * 6 + list(Act)), max_size=40)
cuts = st.lists(st.integers(1, 60) | st.just(10_000), min_size=1, max_size=10)


@dataclass
class Conversation:
    """A transfer and a relay, until every letter ended."""

    transfer: Transfer[Letter]
    relay: ModelRelay
    window: int
    waiting: list[Letter] = field(default_factory=lambda: [Letter(number) for number in range(COUNT)])
    begun: list[int] = field(default_factory=list)
    endings: list[Ending[Letter]] = field(default_factory=list)
    heard: bytes = b""

    def run(self, sizes: list[int]) -> None:
        pieces = cycle(sizes)
        self.speak()
        while not self.transfer.broken and (self.heard or self.transfer.in_flight):
            size = next(pieces)
            data, self.heard = self.heard[:size], self.heard[size:]
            if not data:
                assert self.relay.gone, "both wait for each other"
                self.endings += self.transfer.over("the connection is lost")
                return
            self.endings += self.transfer.receive_data(data)
            self.speak()

    def next(self) -> Letter:
        letter = self.waiting.pop(0)
        self.begun.append(letter.number)
        return letter

    def speak(self) -> None:
        transfer = self.transfer
        if transfer.due and not transfer.broken:
            more = self.waiting and transfer.wants and transfer.in_flight < self.window
            transfer.give_body(transfer.prepare(self.next()) if more else None)
        while self.waiting and transfer.wants and transfer.in_flight < self.window and not transfer.due:
            transfer.begin(transfer.prepare(self.next()))
        while transfer.pending:
            self.heard += self.relay.receive(b"".join(transfer.data_to_send()))


@pytest.mark.parametrize("way", Way)
@settings(max_examples=300, deadline=None)
@given(scripts, cuts, st.integers(1, COUNT), st.booleans())
@example([Act.YES, Act.YES, Act.YES, Act.NO], [10_000], COUNT, False)
@example([Act.YES, Act.NO, Act.GO_ON], [10_000], COUNT, False)
@example([Act.YES, Act.NO, Act.GO_ON], [60], COUNT, False)
@example([Act.YES, Act.YES, Act.NO, Act.YES, Act.DROP], [60], COUNT, True)
def test_every_letter_ends_as_what_became_of_it(
    way: Way, script: list[Act], sizes: list[int], window: int, keeps_refused: bool
) -> None:
    relay = ModelRelay(iter(script), keeps_refused)
    transfer: Transfer[Letter] = Transfer(ready(*WAYS[way]))
    assert transfer.way is way
    conversation = Conversation(transfer, relay, window)
    conversation.run(sizes)

    assert [ending.letter.number for ending in conversation.endings] == conversation.begun
    for ending in conversation.endings:
        taken = ending.letter.number in relay.taken
        if ending.end is End.TAKEN:
            assert taken
        elif ending.end is not End.UNKNOWN:
            assert not taken, ending
        if relay.dismissed and transfer.broken.startswith("421"):
            assert ending.end is not End.UNKNOWN
        if ending.end is End.REFUSED:
            assert ending.code >= 400
    if not transfer.broken and not transfer.spent:
        assert conversation.begun == list(range(COUNT))
        assert relay.taken == [e.letter.number for e in conversation.endings if e.end is End.TAKEN]


@pytest.mark.parametrize("way", Way)
@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([Act.YES, Act.SLOWLY, Act.NO, Act.NOT_NOW, Act.GO_ON]), max_size=30), cuts)
def test_a_relay_that_answers_everything_leaves_nobody_unsure(way: Way, script: list[Act], sizes: list[int]) -> None:
    relay = ModelRelay(iter(script))
    conversation = Conversation(Transfer(ready(*WAYS[way])), relay, 4)
    conversation.run(sizes)
    assert {ending.end for ending in conversation.endings} <= {End.TAKEN, End.REFUSED, End.BEHIND, End.BROKEN}
    assert sorted(relay.taken) == [e.letter.number for e in conversation.endings if e.end is End.TAKEN]


@pytest.mark.parametrize("way", Way)
@given(st.binary(max_size=400), cuts)
def test_noise_ends_the_connection_and_takes_nothing(way: Way, noise: bytes, sizes: list[int]) -> None:
    transfer: Transfer[Letter] = Transfer(ready(*WAYS[way]))
    transfer.begin(transfer.prepare(Letter(1)))
    endings = []
    for start in range(0, len(noise), sizes[0]):
        if transfer.broken:
            break
        while transfer.pending:
            transfer.data_to_send()
        endings += transfer.receive_data(noise[start : start + sizes[0]])
    endings += transfer.over("over")
    assert [ending.letter.number for ending in endings] == [1]
    assert endings[0].end is not End.TAKEN or noise.count(b"2") >= 3
