import random
from collections.abc import Iterator
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclosure.controls.encoder import Encoder, States
from enclosure.events import Turned

QUARTERS: list[tuple[Literal["a", "b"], bool]] = [("a", True), ("b", True), ("a", False), ("b", False)]
"""A full cycle of both lines, to one side."""


def quarters(direction: int, begin: int, count: int) -> Iterator[tuple[Literal["a", "b"], bool]]:
    """The edges of so many quarters of a cycle, from this one on."""
    for quarter in range(begin, begin + direction * count, direction):
        line, active = QUARTERS[quarter % 4 if direction > 0 else (quarter - 1) % 4]
        yield line, active if direction > 0 else not active


@given(
    st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(1, 9)), max_size=12),
    st.sampled_from([1, 2, 4]),
    st.randoms(use_true_random=False),
)
def test_every_detent_counts_once_however_often_the_edges_bounce(
    turns: list[tuple[int, int]], states: States, chance: random.Random
) -> None:
    encoder = Encoder(states=states)
    position, events, wanted = 0, [], []
    for direction, detents in turns:
        for line, active in quarters(direction, position, states * detents):
            for _ in range(chance.randrange(5)):
                for level in (active, not active):
                    events += encoder.edge(line, level)
            events += encoder.edge(line, active)
        position += direction * states * detents
        wanted += [direction] * detents
    if states != 1:  # where each step is a detent, a bounce is two detents that cancel out
        assert [event.direction for event in events] == wanted
    else:
        assert sum(event.direction for event in events) == sum(wanted)


def test_40_detents_with_bouncing_edges_are_40() -> None:
    encoder = Encoder()
    events = []
    for line, active in quarters(1, 0, 160):
        for level in (active, not active, active, not active, active):
            events += encoder.edge(line, level)
    assert events == [Turned(1)] * 40


def test_a_turn_that_goes_back_before_the_detent_is_nothing() -> None:
    encoder = Encoder()
    edges = [*quarters(1, 0, 3), *quarters(-1, 3, 3)]
    assert [event for edge in edges for event in encoder.edge(*edge)] == []


@pytest.mark.parametrize("reverse", [False, True])
def test_wires_that_are_swapped_are_told_apart_by_configuration(reverse: bool) -> None:
    encoder = Encoder(reverse=reverse)
    events = [event for edge in quarters(1, 0, 4) for event in encoder.edge(*edge)]
    assert events == [Turned(-1 if reverse else 1)]


def test_a_detent_that_was_one_step_in_at_the_start_counts() -> None:
    encoder = Encoder()
    encoder.reset(True, False)
    events = [event for edge in quarters(1, 1, 3) for event in encoder.edge(*edge)]
    assert events == [Turned(1)]


def test_an_edge_twice_in_a_row_is_one() -> None:
    encoder = Encoder()
    events = [event for line, active in quarters(1, 0, 8) for _ in "xx" for event in encoder.edge(line, active)]
    assert events == [Turned(1)] * 2
