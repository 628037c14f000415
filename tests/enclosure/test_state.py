import asyncio
import json
import logging
import os
import threading
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from enclosure import state as module
from enclosure.state import SavedState, state_file
from tests.conftest import until


class Level(msgspec.Struct):
    level: Annotated[int, msgspec.Meta(ge=0, le=100)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "not there yet" / "state.json"


async def put(path: Path, **values: object) -> None:
    """What a short-lived daemon does."""
    state = SavedState(path)
    state.load()
    running = asyncio.create_task(state.run())
    await asyncio.sleep(0)
    for name, value in values.items():
        state.put(name, value)
    running.cancel()
    await asyncio.wait([running])


def loaded(path: Path) -> SavedState:
    state = SavedState(path)
    state.load()
    return state


async def test_values_survive_a_restart(path: Path) -> None:
    await put(path, volume=Level(1), brightness=20)
    await put(path, volume=Level(2))
    assert loaded(path).get("volume", Level) == Level(2)
    assert loaded(path).get("brightness", int) == 20
    assert loaded(path).get("colour", int) is None
    assert [file.name for file in path.parent.iterdir()] == ["state.json"]


async def test_what_changes_is_saved_soon(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAVE_DELAY_S", 0.01)
    state = SavedState(path)
    running = asyncio.create_task(state.run())
    for level in range(30):
        state.put("volume", Level(level))
    await until(path.exists, "the file")
    assert json.loads(path.read_text()) == {"volume": {"level": 29}}
    state.clear()
    await until(lambda: path.read_text() == "{}", "nothing")
    running.cancel()


async def test_a_new_file_takes_the_place_of_the_old_one_when_it_is_on_the_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(path, volume=Level(1))
    before = path.with_name("before")
    before.hardlink_to(path)
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        steps.append(f"{os.fstat(descriptor).st_size} bytes on the disk")
        fsync(descriptor)

    def replaced(*paths: Path) -> None:
        steps.append("in its place")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    await put(path, volume=Level(22))
    assert json.loads(before.read_text()) == {"volume": {"level": 1}}, "a loss of power leaves the old file"
    assert steps == [f"{path.stat().st_size} bytes on the disk", "in its place"]


async def test_a_save_waits_for_the_one_that_is_under_way(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAVE_DELAY_S", 0)
    saves: list[str] = []
    loop, first, second = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def synced(_: int) -> None:
        if saves:
            second.set()
        saves.append("begins")
        loop.call_soon_threadsafe(first.set)
        second.wait(0.2)  # a second save that does not wait begins meanwhile
        saves.append("ends")

    monkeypatch.setattr(os, "fsync", synced)
    state = SavedState(path)
    running = asyncio.create_task(state.run())
    state.put("volume", Level(1))
    await first.wait()
    state.put("volume", Level(2))
    running.cancel()
    await asyncio.wait([running])
    assert saves == ["begins", "ends"] * 2
    assert loaded(path).get("volume", Level) == Level(2)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b'{"a": "\xff"}', b'{"a":' * 10_000])
async def test_an_invalid_file_is_treated_as_empty(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert loaded(path).get("volume", Level) is None
    assert len(caplog.records) == 1
    await put(path, volume=Level(3))
    assert loaded(path).get("volume", Level) == Level(3)


@pytest.mark.parametrize("value", [5, {"level": 101}, {"level": "loud"}, {}, None])
def test_a_value_of_another_kind_is_ignored(path: Path, value: object, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"volume": value}))
    assert loaded(path).get("volume", Level) is None
    assert len(caplog.records) == 1


def test_a_first_start_is_not_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert loaded(path).get("volume", Level) is None
    assert not caplog.records


async def test_a_disk_that_cannot_be_written_is_logged_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "SAVE_DELAY_S", 0)
    caplog.set_level(logging.DEBUG)
    path.parent.write_text("a file where the folder should be")
    state = SavedState(path)
    running = asyncio.create_task(state.run())
    for level in (1, 2):
        state.put("volume", Level(level))
        await until(lambda level=level: len(caplog.records) == level, "that it fails")  # type: ignore[misc]
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.DEBUG]
    running.cancel()


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/mycroft-enclosure"}, "/var/lib/mycroft-enclosure"),
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, "/var/lib/a"),
        ({}, "~/.local/state/mycroft-enclosure"),
        ({"STATE_DIRECTORY": ""}, "~/.local/state/mycroft-enclosure"),
    ],
)
def test_the_folder_is_systemds_or_the_users(environment: dict[str, str], folder: str) -> None:
    assert state_file(environment) == Path(folder).expanduser() / "state.json"
