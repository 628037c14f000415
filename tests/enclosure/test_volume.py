from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclosure.volume import (
    ANNOUNCE_S,
    FIRST_LEVEL,
    LISTENER,
    MAX_DUCKS,
    RECORDING_S,
    Volume,
    start_level,
    whole_percent,
)

PERCENT = st.integers(0, 100)
CLIENT = st.sampled_from(["ann", "ben"])
OPERATIONS = st.one_of(
    st.tuples(st.just("at"), st.integers(-20, 120)),
    st.tuples(st.sampled_from(["raised", "lowered"]), st.integers(0, 120)),
    st.tuples(st.just("with_muted"), st.booleans()),
    st.tuples(st.just("ducked"), CLIENT, PERCENT),
    st.tuples(st.just("unducked"), CLIENT),
    st.tuples(st.just("set_by_listener"), PERCENT, st.floats(0, 9)),
    st.tuples(st.just("recording"), st.floats(0, 9)),
    st.tuples(st.just("recorded")),
    st.tuples(st.just("found"), st.integers(0, 120)),
)


@given(st.lists(OPERATIONS))
def test_operations_agree_with_a_model(operations: list[tuple[Any, ...]]) -> None:
    """Only a choice changes the level, and it is heard again when no client lowers it any more."""
    volume, level, muted, ducks = Volume(50), 50, False, dict[str, int]()
    for operation in operations:
        volume = getattr(volume, operation[0])(*operation[1:])
        match operation:
            case ["at", to]:
                level, muted = min(max(to, 0), 100), False
            case ["raised", by]:
                level, muted = max(level, min(level + by, 100)), False
            case ["lowered", by]:
                level = min(level - by, 100)
            case ["with_muted", to]:
                muted = to
            case ["ducked", client, to]:
                ducks[client] = to
            case ["unducked", client]:
                ducks.pop(client, None)
            case ["found", to]:
                level, ducks = to, {}
        level = max(level, 0)
        assert (volume.level, volume.muted) == (level, muted)
        assert volume.unducked(LISTENER).heard == min(level, *ducks.values(), 120)
        assert volume.heard <= level
        turned = volume.taken_over(RECORDING_S + 9)
        assert (turned.level, turned.heard) == (volume.heard, volume.heard)
    assert volume.unducked("ann").unducked("ben").recorded().heard == level


@pytest.mark.parametrize(
    ("level", "steps", "heard"),
    [
        pytest.param(70, "30 begin", 30, id="lowered"),
        pytest.param(20, "30 begin", 20, id="already lower"),
        pytest.param(70, "30 begin 70 end", 70, id="as it does today"),
        pytest.param(70, "30 begin + 70 end", 80, id="turned up meanwhile"),
        pytest.param(70, "30 begin + 70", 80, id="turned up meanwhile, at once"),
        pytest.param(70, "30 begin - - - - - 70 end", 20, id="turned down meanwhile"),
        pytest.param(30, "30 begin + 30 end", 40, id="was as low as that"),
        pytest.param(70, "begin 30 + 70 end", 80, id="sets after the begin"),
        pytest.param(70, "begin 30 + end 70", 80, id="sets after begin and end"),
        pytest.param(30, "begin 30 + end 30", 40, id="sets after begin and end, was as low as that"),
        pytest.param(70, "30 begin 30 begin", 30, id="two begins, still lowered"),
        pytest.param(70, "30 begin 30 begin + 70 end", 80, id="two begins"),
        pytest.param(70, "30 begin 30 begin + 30 end", 80, id="two begins, the second has read the lowered one"),
        pytest.param(70, "30 begin + end", 80, id="never restores"),
        pytest.param(70, "30 begin 70 end 30 begin", 30, id="the next time"),
        pytest.param(70, "30 begin 70 end 30 begin 70 end", 70, id="two times"),
        pytest.param(70, "30 begin end later 30 begin", 30, id="the next time, after it never restored"),
        pytest.param(70, "30 begin =50 70 end later 30 begin + 50 end", 60, id="set at the mixer meanwhile"),
        pytest.param(70, "begin 30 end later 70 +", 80, id="restores late"),
        pytest.param(80, "begin 30 end begin 70 30", 30, id="restores late, in the next recording"),
        pytest.param(70, "30 later", 70, id="a set without a recording"),
        pytest.param(70, "30 later begin", 70, id="a set long before a recording"),
    ],
)
def test_the_listeners_fake_barge_in_leaves_what_was_chosen(level: int, steps: str, heard: int) -> None:
    volume, now_s = Volume(level), 0.0
    for step in steps.split():
        match step:
            case "+":
                volume = volume.raised(10)
            case "-":
                volume = volume.lowered(10)
            case "later":
                now_s += ANNOUNCE_S
            case "end":
                volume = volume.recorded()
            case "begin":
                volume = volume.recording(now_s)
            case _ if step.startswith("="):
                volume = volume.found(int(step[1:]))
            case _:
                volume = volume.set_by_listener(int(step), now_s)
    assert volume.heard == heard


@pytest.mark.parametrize(
    ("saved", "limit", "level"),
    [(None, None, FIRST_LEVEL), (None, 20, 20), (80, None, 80), (80, 50, 50), (30, 50, 30), (0, None, 0)],
)
def test_a_start_is_never_louder_than_its_limit(saved: int | None, limit: int | None, level: int) -> None:
    assert start_level(saved, limit) == level


@pytest.mark.parametrize(
    ("value", "percent"), [(0, 0), (0.005, 0), (0.5, 50), (1, 100), (1.5, 100), (2, 2), (80, 80), (100, 100)]
)
def test_what_clients_mean_by_percent(value: float, percent: int) -> None:
    assert whole_percent(value) == percent


def test_a_limited_number_of_clients_lowers_the_volume() -> None:
    volume = Volume(50)
    for number in range(2 * MAX_DUCKS):
        volume = volume.ducked(f"client {number}", 40)
    assert len(volume.ducks) == MAX_DUCKS
    assert volume.ducked("client 0", 10).heard == 10
    assert volume.ducked("another client", 10) == volume
