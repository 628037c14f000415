"""A hub on our own bus, as docs/hivemind.md describes it."""

import contextlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridges.hive.hub import KEY, BridgeProcess, Hub, RecordedBus
from tests.compat.environment import HIVEMIND_5, python_with

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180)]

USER = "nobody"
UTTERANCE, REBOOT = "recognizer_loop:utterance", "system.reboot"


@pytest.fixture
def folder() -> Iterator[Path]:
    """The home of the hub's user."""
    if os.geteuid() != 0:
        pytest.skip("only root can run the hub as another user")
    python = python_with(*HIVEMIND_5)
    with contextlib.suppress(PermissionError):
        if subprocess.run((python, "-c", ""), user=USER, check=False).returncode == 0:
            folder = Path(tempfile.mkdtemp())
            yield folder
            shutil.rmtree(folder)
            return
    pytest.skip(f"{USER} cannot run {python}")


def test_a_hub_on_our_bus_has_no_rights_and_no_open_files(folder: Path, tmp_path: Path) -> None:
    with RecordedBus() as bus, RecordedBus() as kitchen:
        hub = Hub(folder, bus, user=USER)
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, USER)
            path.chmod(0o700)
        hub.add_client("kitchen", UTTERANCE, REBOOT)
        bridge = BridgeProcess(tmp_path, kitchen.url, hub.url, up=[UTTERANCE, REBOOT])
        with hub:
            assert bridge.pair().returncode == 0
            with bridge:
                kitchen.wait_for("mycroft.volume.get")
                kitchen.send(REBOOT)
                kitchen.send(UTTERANCE, {"utterances": ["hi"]})
                bus.wait_for(UTTERANCE)
                assert REBOOT in kitchen.types()
                assert REBOOT not in bus.types()
        assert bus.wait_for("hive.client.connect").data["key"] == KEY
        files = [path for path in (folder / ".config", folder / ".local") for path in path.rglob("*")]
        found = {
            path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files if path.stat().st_mode & 0o077
        }
        assert found == {}
        assert {path.owner() for path in files} == {USER}
        assert any(path.name == "clients.db" for path in files)


def test_root_pairs_as_the_user_whose_folder_it_is(folder: Path, tmp_path: Path) -> None:
    (folder / "device").mkdir()
    with RecordedBus() as bus:
        hub = Hub(tmp_path, bus)
        hub.add_client("kitchen")
        bridge = BridgeProcess(folder / "device", bus.url, hub.url)
        for path in (folder, folder / "device", bridge.state):
            shutil.chown(path, USER)
        with hub:
            done = bridge.pair()
            assert done.returncode == 0, done.stderr
    [pairing] = bridge.state.iterdir()
    assert (pairing.owner(), stat.S_IMODE(pairing.stat().st_mode)) == (USER, 0o600)
