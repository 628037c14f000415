import itertools

from hypothesis import given
from hypothesis import strategies as st

from enclosure.controls.button import Button, Gesture
from enclosure.events import Held, Pressed, PressedTwice

HOLD_S, DOUBLE_S = 1.0, 0.3

PRESS, TWICE, HOLD = Pressed("talk"), PressedTwice("talk"), Held("talk")


def do(button: Button, *times: float, until: float = 100.0) -> list[Gesture]:
    """Presses and releases in turn, at these times; timers go off in time."""
    gestures: list[Gesture] = []
    for down, at in zip(itertools.cycle([True, False]), times, strict=False):
        if button.deadline is not None and button.deadline <= at:
            gestures += button.elapse(button.deadline)
        gestures += button.edge(down, at)
    return gestures + button.elapse(until)


def test_a_button_without_other_gestures_reports_when_it_goes_down() -> None:
    assert Button("talk").edge(True, 5.0) == [PRESS]


def test_a_button_that_can_be_held_reports_a_press_when_it_is_released() -> None:
    button = Button("talk", hold_s=HOLD_S)
    assert button.edge(True, 0.0) == []
    assert button.edge(False, 0.9) == [PRESS]
    assert button.deadline is None


def test_a_hold_is_reported_while_the_button_is_down_and_its_release_is_nothing() -> None:
    button = Button("talk", hold_s=HOLD_S)
    button.edge(True, 5.0)
    assert button.deadline == 6.0
    assert button.elapse(5.99) == []
    assert button.elapse(6.0) == [HOLD]
    assert button.edge(False, 9.0) == []


def test_a_press_that_is_read_late_is_no_hold() -> None:
    button = Button("talk", hold_s=HOLD_S)
    assert button.edge(True, 0.0) + button.edge(False, 0.1) + button.elapse(7.0) == [PRESS]


def test_a_hold_whose_edges_are_read_late_is_a_hold() -> None:
    assert do(Button("talk", hold_s=HOLD_S), 0.0, 1.5) == [HOLD]


def test_two_presses_in_time_are_a_double_press() -> None:
    assert do(Button("talk", hold_s=HOLD_S, double_s=DOUBLE_S), 0.0, 0.1, 0.3, 0.4) == [TWICE]


def test_two_presses_too_far_apart_are_two_presses() -> None:
    assert do(Button("talk", hold_s=HOLD_S, double_s=DOUBLE_S), 0.0, 0.1, 0.5, 0.6) == [PRESS, PRESS]


def test_three_presses_are_a_double_press_and_a_press() -> None:
    assert do(Button("talk", double_s=DOUBLE_S), 0.0, 0.1, 0.2, 0.3, 0.4, 0.5) == [TWICE, PRESS]


def test_a_double_press_whose_second_press_is_held_is_a_press_and_a_hold() -> None:
    assert do(Button("talk", hold_s=HOLD_S, double_s=DOUBLE_S), 0.0, 0.1, 0.3, 2.0) == [PRESS, HOLD]


def test_a_button_that_is_down_at_the_start_reports_nothing_until_it_is_pressed_again() -> None:
    button = Button("talk", hold_s=HOLD_S)
    button.reset(True)
    assert button.elapse(5.0) + button.edge(False, 6.0) == []
    assert button.edge(True, 7.0) + button.edge(False, 7.1) == [PRESS]


def test_a_chip_that_goes_away_during_a_press_ends_it() -> None:
    button = Button("talk", hold_s=HOLD_S, double_s=DOUBLE_S)
    button.edge(True, 0.0)
    button.reset(False)
    assert button.deadline is None
    assert button.elapse(9.0) == []


@given(
    st.lists(st.tuples(st.floats(0.35, 3.0), st.floats(0.05, 0.9)), max_size=20),
    st.sampled_from([None, HOLD_S]),
    st.sampled_from([None, DOUBLE_S]),
)
def test_each_separate_press_is_reported_once(
    presses: list[tuple[float, float]], hold_s: float | None, double_s: float | None
) -> None:
    times = list(itertools.accumulate(length_s for gap_and_press in presses for length_s in gap_and_press))
    assert do(Button("talk", hold_s=hold_s, double_s=double_s), *times) == [PRESS] * len(presses)
