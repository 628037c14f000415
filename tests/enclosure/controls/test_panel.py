from enclosure.controls.button import Button
from enclosure.controls.encoder import Encoder
from enclosure.controls.panel import Panel
from enclosure.events import Event, Held, Pressed, Switched, Turned
from enclosure.ports import Edge

REST = {"talk": False, "louder": False, "mute": False, "knob.a": False, "knob.b": False}


def panel() -> Panel:
    buttons = {"talk": Button("talk", hold_s=1.0), "louder": Button("louder")}
    return Panel(buttons, ["mute"], {"knob": Encoder()})


def edges(board: Panel, *lines: tuple[str, bool]) -> list[Event]:
    return [event for line, active in lines for event in board.edge(Edge(line, active, 1.0))]


def test_the_level_of_a_switch_is_reported_at_the_start_and_with_each_change() -> None:
    board = panel()
    assert board.start({**REST, "mute": True}) == [Switched("mute", True)]
    assert edges(board, ("mute", True), ("mute", False), ("mute", False)) == [Switched("mute", False)]


def test_each_edge_goes_to_its_control() -> None:
    board = panel()
    board.start(REST)
    turn = [("knob.a", True), ("knob.b", True), ("knob.a", False), ("knob.b", False)]
    assert edges(board, ("louder", True), *turn) == [Pressed("louder"), Turned(1)]


def test_the_panel_waits_for_the_earliest_deadline() -> None:
    board = panel()
    board.start(REST)
    assert board.deadline is None
    edges(board, ("talk", True))
    assert board.deadline == 2.0
    assert board.elapse(2.0) == [Held("talk")]
    assert board.deadline is None
