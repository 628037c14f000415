"""The contract says what the daemons do: what they handle and emit is compared with it, in both directions.

What a daemon handles is what it registers with its dispatcher. What it emits is taken from its code: the topics
that it names there and does not handle, those of which it takes the `name`, and the responses to what it handles.
"""

import ast
import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from admin.actions import ACTIONS
from admin.service import AdminService
from admin.unfinished import Unfinished
from admin.wifi.boot import BootHelper
from admin.wifi.connectivity import Connectivity
from admin.wifi.ovos import OvosClient
from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.contract.lookup import TOPICS
from bus.contract.ours import OURS
from bus.contract.topic import Topic
from enclosure.app import enclosure
from enclosure.config import VolumeSettings, load_profile

ROOT = Path(__file__).parents[1]


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> set[Topic]:
    """What is registered with any dispatcher meanwhile."""
    found: set[Topic] = set()
    monkeypatch.setattr(Dispatcher, "on", lambda _, topic, *__: found.add(topic))
    return found


async def build_enclosure(tmp_path: Path) -> None:
    running = asyncio.create_task(
        enclosure(
            *("unix:/nonexistent", load_profile("mycroft_mark_1"), None, 9600, "default"),
            volume_settings=VolumeSettings(),
            state_path=tmp_path / "state",
        )
    )
    await asyncio.sleep(0)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def build_admin(_: Path) -> None:
    host: Any = None
    dispatcher: Any = Dispatcher(Dispatcher.__call__)  # type: ignore[arg-type]  # never called
    async with asyncio.TaskGroup() as group:
        service = AdminService(ACTIONS, host, dispatcher, dispatcher, group, unfinished=Unfinished(None))
        OvosClient(service, Connectivity(host, dispatcher, dispatcher), dispatcher, dispatcher)
        BootHelper(host, service, dispatcher, dispatcher)


def named_in(folder: str) -> tuple[set[Topic], set[Topic]]:
    """The topics that the code in a folder names, and those of them whose `name` it takes."""
    found, by_name = set(), set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Attribute(ast.Attribute(ast.Name("topics"), constant), "name"):
                    by_name.add(getattr(topics, constant))
                case ast.Attribute(ast.Name("topics"), constant):
                    found.add(getattr(topics, constant))
    return {topic for topic in found if isinstance(topic, Topic)}, by_name


def responses(handled: Iterable[Topic]) -> set[Topic]:
    names = (f"{topic.name}.{what}" for topic in handled for what in ("response", "failed"))
    return {TOPICS[name] for name in names if name in TOPICS}


def names(found: Iterable[Topic]) -> list[str]:
    return sorted(topic.name for topic in found)


def is_one_of(daemon: str, programs: str) -> bool:
    return daemon in programs.split(", ")


def documented_as_handled(daemon: str) -> set[Topic]:
    return {topic for topic in OURS if is_one_of(daemon, topic.handled_by) and topic.planned != daemon}


def documented_as_emitted(daemon: str) -> set[Topic]:
    return {topic for topic in OURS if is_one_of(daemon, topic.emitted_by) and topic.planned != daemon}


@pytest.mark.parametrize(
    ("daemon", "build", "folder"),
    [("enclosure", build_enclosure, "enclosure/handlers"), ("admin", build_admin, "admin")],
)
async def test_a_daemon_handles_and_emits_what_the_contract_says(
    daemon: str, build: Any, folder: str, registered: set[Topic], tmp_path: Path
) -> None:
    await build(tmp_path)
    handled = registered.intersection(OURS)  # some reports, such as system.reboot.failed, are in no table
    named, by_name = named_in(folder)
    emitted = (named - handled) | by_name | responses(handled)

    assert names(documented_as_handled(daemon) - handled) == [], "documented as handled"
    undocumented = handled - documented_as_handled(daemon)
    assert names(topic for topic in undocumented if topic.handled_by != "any program") == [], "handled"

    assert names(documented_as_emitted(daemon) - emitted) == [], "documented as emitted"
    undocumented = emitted - documented_as_emitted(daemon)
    assert names(topic for topic in undocumented if topic.emitted_by != "any program") == [], "emitted"


async def test_the_admin_service_receives_only_types_that_the_bus_limits_in_size(
    registered: set[Topic], tmp_path: Path
) -> None:
    await build_admin(tmp_path)
    received = {name for topic in registered - {topics.CONNECTED} for name in topic.names}
    assert received - topics.WITH_SENDER == set()


def test_the_bus_names_what_it_handles_and_emits() -> None:
    _, by_name = named_in("bus/server")
    assert by_name | responses(by_name) == documented_as_handled("bus") | documented_as_emitted("bus")
