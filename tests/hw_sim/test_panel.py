"""The page's side of the simulator: what a page is shown, and what its requests do."""

import asyncio
import json
from typing import Any

import pytest

from bus.contract.lookup import problems
from bus.message import Message
from hw_sim.faceplate import Faceplate
from hw_sim.faceviewer import FaceViewer
from hw_sim.faults import Fault
from hw_sim.inputs import decode
from hw_sim.panel import LOG_ENTRIES, Page, Panel, shortened
from hw_sim.scenes import SCENES, Player
from hw_sim.serial_log import SerialLog


@pytest.fixture
def panel(faceplate: Faceplate) -> Panel:
    return Panel(FaceViewer(faceplate))


def do(page: Page, **wanted: Any) -> None:
    page.do(decode(json.dumps(wanted)))


async def test_a_page_is_shown_all_of_the_state_once_and_then_what_changes(panel: Panel) -> None:
    page = Page(panel)
    assert {"board", "eyes", "mouth", "plugged", "mixer", "faults", "scenes", "scene"} <= page.news().keys()
    assert page.news() == {}
    panel.mixer = {"percent": 58, "muted": False}
    assert page.news() == {"mixer": {"percent": 58, "muted": False}}


async def test_a_page_that_is_behind_misses_the_oldest_entries_and_is_told_how_many(panel: Panel) -> None:
    page = Page(panel)
    page.news()
    for number in range(LOG_ENTRIES + 30):
        panel.message("now", Message("x", {"number": number}))
    found, missed = [], 0
    while news := page.news():
        found += [entry["data"]["number"] for entry in news["traffic"]]  # type: ignore[attr-defined]
        missed += news.get("traffic_missed", 0)  # type: ignore[operator]
    assert found == list(range(30, LOG_ENTRIES + 30))
    assert missed == 30


@pytest.mark.parametrize(
    "value",
    ["x" * 10_000_000, ["x" * 10_000] * 10_000, {str(number): [0] * 1000 for number in range(1000)}],
    ids=["text", "list", "object"],
)
def test_a_large_value_is_shown_cut(value: object) -> None:
    assert len(json.dumps(shortened(value))) < 20_000


def test_a_small_value_is_shown_as_it_is() -> None:
    value = {"text": "hello", "list": [1, 2.5, None, True], "object": {"deep": {"deeper": []}}}
    assert shortened(value) == value


async def test_a_deep_value_is_shown_cut() -> None:
    value: object = "end"
    for _ in range(300):
        value = [value]
    assert len(json.dumps(shortened(value))) < 20_000


@pytest.mark.parametrize(
    "frame",
    [
        *("", "[]", "{}", '{"do":"jump"}', '{"do":"turn","name":"knob","detents":101}', '{"do":"push"}'),
        *('{"do":"push","name":"knob","more":1}', '{"do":"send","type":"x","data":[]}'),
    ],
)
def test_an_invalid_request_is_refused(frame: str) -> None:
    with pytest.raises(ValueError, match=r"Object|Expected|Invalid|Input"):
        decode(frame)


async def test_a_request_for_something_that_is_not_there_is_refused(panel: Panel) -> None:
    page = Page(panel)
    panel.player = Player(lambda _: None, panel.notify)
    for wanted in (
        {"do": "push", "name": "nose"},
        {"do": "slide", "name": "knob", "muted": True},
        {"do": "fault", "name": "flood"},
        {"do": "play", "scene": "tragedy"},
    ):
        with pytest.raises(ValueError, match=r"no (nose|knob|fault|scene)"):
            do(page, **wanted)


async def test_a_page_that_is_closed_lets_go_of_its_buttons(panel: Panel, faceplate: Faceplate) -> None:
    said: list[str] = []
    faceplate.report = said.append
    page = Page(panel)
    do(page, do="push", name="knob")
    page.close()
    assert said == ["button down", "button up"]


async def test_the_form_is_checked_with_the_contract(panel: Panel) -> None:
    sent: list[Message] = []
    panel.send = sent.append
    page = Page(panel)
    do(page, do="check", type="enclosure.eyes.level", data={"level": 99})
    assert page.news()["answer"] == {
        "type": "enclosure.eyes.level",
        "problems": ["level is 99, outside 0..30"],
        "sent": False,
    }
    assert not sent
    do(page, do="send", type="enclosure.eyes.level", data={"level": 9})
    assert sent == [Message("enclosure.eyes.level", {"level": 9})]


async def test_a_fault_is_switched_on_and_off(panel: Panel) -> None:
    switched: list[bool] = []
    panel.faults = [Fault("gone", "Gone", switched.append, lambda: bool(switched and switched[-1]))]
    page = Page(panel)
    page.news()
    do(page, do="fault", name="gone", on=True)
    assert page.news() == {"faults": [{"name": "gone", "text": "Gone", "on": True, "momentary": False}]}
    do(page, do="fault", name="gone", on=False)
    assert switched == [True, False]


async def test_lines_of_the_serial_port_are_shown_whole_and_bounded(panel: Panel) -> None:
    log = SerialLog(panel.serial, panel.notify)
    page = Page(panel)
    page.news()
    for data in (b"eyes.", b"on\neyes.off\nmouth", b"x" * 10_000):
        log.add(True, data)
    log.add(False, b"\xff\r\n")
    entries: Any = page.news()["serial"]
    assert [entry["text"] for entry in entries[:2]] == ["eyes.on", "eyes.off"]
    assert [entry["to_face"] for entry in entries] == [True, True, True, False]
    assert all(len(entry["text"]) < 300 for entry in entries)
    assert entries[-1]["text"] == "\\xff"


def test_each_scene_sends_messages_as_the_contract_has_them() -> None:
    for scene in SCENES:
        for _, msg_type, data in scene.steps:
            assert problems(msg_type, data) == [], (scene.name, msg_type)


async def test_a_scene_plays_to_its_end_and_another_one_takes_its_place() -> None:
    sent: list[Message] = []
    over = asyncio.Event()
    player = Player(sent.append, over.set)
    player.play("timer")
    await asyncio.sleep(0.5)
    player.play("update")
    assert player.playing == "update"
    await over.wait()
    assert player.playing == ""
    assert sent[-1] == Message("system.update.complete", {"has_updated": True})
    assert sum(message.msg_type == "enclosure.mouth.text" for message in sent) == 1
