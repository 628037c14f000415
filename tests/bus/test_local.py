"""The commands prefer the unix socket of the bus, over which it knows their process."""

import socket
from pathlib import Path

import pytest

from bus.cli import local

DEFAULT = "ws://127.0.0.1:8181/core"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "bus.sock"
    monkeypatch.setattr(local, "SOCKET", found)
    return found


def test_the_socket_is_preferred_to_the_default_address_only(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        assert local.nearest(DEFAULT, DEFAULT) == f"unix:{path}"
        assert local.nearest("ws://127.0.0.1:9000/core", DEFAULT) == "ws://127.0.0.1:9000/core"
    assert local.nearest(DEFAULT, DEFAULT) == DEFAULT, "left over, without a bus"


def test_without_a_socket_the_default_address_stays(path: Path) -> None:
    assert local.nearest(DEFAULT, DEFAULT) == DEFAULT
    path.write_text("no socket")
    assert local.nearest(DEFAULT, DEFAULT) == DEFAULT


def test_a_socket_of_a_login_user_is_not_trusted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "is_service", lambda _: False)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        assert local.nearest(DEFAULT, DEFAULT) == DEFAULT
