"""How many messages a flight carries, as the relay answers."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.courier.sending.window import Window


@given(st.integers(1, 100), st.lists(st.sampled_from(["taken", "refused", "broken"])))
def test_it_stays_between_one_and_the_most(most: int, events: list[str]):
    window = Window(most)
    for event in events:
        getattr(window, event)()
        assert 1 <= window.size <= most


@given(st.integers(1, 100))
def test_it_opens_while_the_relay_takes(most: int):
    window = Window(most)
    assert window.size == 1
    for _ in range(most):
        window.taken()
    assert window.size == most


@given(st.integers(1, 100))
def test_refusals_in_a_row_close_it_fast(most: int):
    window = Window(most)
    for _ in range(most):
        window.taken()
    for _ in range(7):
        window.refused()
    assert window.size == 1


def test_it_begins_anew_after_trouble():
    window = Window(32)
    for _ in range(40):
        window.taken()
    window.broken()
    assert window.size == 1


@pytest.mark.parametrize(("bad", "least", "most"), [(0.01, 28, 32), (0.02, 22, 32), (0.3, 2, 8), (0.9, 1, 1.3)])
def test_a_few_bad_addresses_hardly_matter_and_many_do(bad: float, least: float, most: float):
    chance, window, sizes = Random(1), Window(32), []
    for _ in range(20_000):
        window.refused() if chance.random() < bad else window.taken()
        sizes.append(window.size)
    assert least <= sum(sizes) / len(sizes) <= most
