"""Portal and admin service over a real unix socket."""

import asyncio
import contextlib
import logging
import os
import pwd
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from admin.errors import NoSetupError
from admin.portal import client, endpoint, peer
from admin.portal.client import ask
from admin.portal.protocol import Cancel, Connect, Look, Phase
from admin.wifi.networks import Security
from admin.wifi.outcome import Failure
from bus.daemon import authority
from hw_sim.wifi import HOME, NETWORKS, PASSWORD, SimulatedSetup

pytestmark = pytest.mark.real_time


@pytest.fixture
def setup() -> SimulatedSetup:
    return SimulatedSetup(trial_s=0.01)


@pytest.fixture
async def path(setup: SimulatedSetup, tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / "portal.sock"
    async with endpoint.endpoint(setup, path):
        yield path


async def test_the_portal_sees_the_setup(path: Path) -> None:
    snapshot = await ask(path, Look())
    assert snapshot.phase is Phase.CHOOSING
    assert snapshot.networks == NETWORKS


async def test_a_look_waits_for_a_change(path: Path) -> None:
    first = await ask(path, Look())
    waiting = asyncio.create_task(ask(path, Look(first.revision)))
    assert (await ask(path, Look())).revision == first.revision
    assert not waiting.done()
    await ask(path, Cancel())
    assert (await waiting).phase is Phase.OVER


async def test_a_look_without_a_change_is_answered_in_the_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "WAIT_S", 0.01)
    first = await ask(path, Look())
    assert await ask(path, Look(first.revision)) == first


@pytest.mark.parametrize(
    ("request_", "phase", "failure"),
    [
        (Connect(HOME, PASSWORD), Phase.CONNECTED, None),
        (Connect(HOME, "wrong horse"), Phase.CHOOSING, Failure.WRONG_PASSWORD),
        (Connect(next(n.ssid for n in NETWORKS if n.security is Security.OPEN)), Phase.CONNECTED, None),
        (Connect(b"far away", hidden=True), Phase.CHOOSING, Failure.NOT_FOUND),
    ],
)
async def test_an_attempt_is_seen_from_its_begin_to_its_end(
    path: Path, request_: Connect, phase: Phase, failure: Failure | None
) -> None:
    trying = await ask(path, request_)
    assert (trying.phase, trying.tried) == (Phase.TRYING, request_.ssid)
    ended = await ask(path, Look(trying.revision))
    assert (ended.phase, ended.tried, ended.failure) == (phase, request_.ssid, failure)


async def test_only_the_user_and_the_group_may_connect(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


async def test_another_user_is_refused_on_both_sides(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "is_trusted", lambda *_: False)
    with pytest.raises(NoSetupError):
        await ask(path, Look())
    monkeypatch.undo()
    monkeypatch.setattr(client, "is_trusted", lambda *_: False)
    with pytest.raises(NoSetupError, match="another user than mycroft-admin listens"):
        await ask(path, Look())


def test_a_login_user_of_the_right_name_is_another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    class Connected:
        def getsockopt(self, *_: int) -> bytes:
            return b"".join(number.to_bytes(4, "little") for number in (1, 1000, 1000))

    class Entry:
        pw_name = peer.PORTAL_USER

    monkeypatch.setattr(os, "getuid", lambda: 990)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: Entry)
    assert not peer.is_trusted(Connected(), peer.PORTAL_USER)  # type: ignore[arg-type]
    monkeypatch.setattr(authority, "FIRST_LOGIN_UID", 1001)
    assert peer.is_trusted(Connected(), peer.PORTAL_USER)  # type: ignore[arg-type]
    assert not peer.is_trusted(Connected(), authority.ADMIN_USER)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"x" * 5000, b'{"type":"connect","ssid":"SG9tZQ==","password":"hush"}\n']
)
async def test_an_invalid_request_is_refused_and_its_password_not_logged(
    path: Path, setup: SimulatedSetup, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    writer.write_eof()
    with contextlib.suppress(ConnectionResetError):  # it has not read all of the line
        assert await reader.read() == b""
    writer.close()
    assert (await ask(path, Look())).phase is Phase.CHOOSING
    assert not setup.attempts
    assert "the portal: " in caplog.text
    assert "hush" not in caplog.text


async def test_a_request_that_does_not_arrive_ends(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "TIMEOUT_S", 0.01)
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b'{"type"')
    assert await reader.read() == b""
    writer.close()


async def test_connections_are_limited(path: Path) -> None:
    idle = [await asyncio.open_unix_connection(path) for _ in range(endpoint.MAX_CONNECTIONS)]
    with pytest.raises(NoSetupError):
        await ask(path, Look())
    for _, writer in idle:
        writer.close()


async def test_without_a_setup_the_portal_learns_so(tmp_path: Path) -> None:
    with pytest.raises(NoSetupError, match="no setup at"):
        await ask(tmp_path / "portal.sock", Look())


async def test_a_password_is_in_no_log(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await ask(path, Connect(HOME, PASSWORD))
    assert PASSWORD not in caplog.text


async def test_a_fault_of_the_setup_ends_one_connection(
    path: Path, setup: SimulatedSetup, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(setup, "cancel", broken)
    with pytest.raises(NoSetupError):
        await ask(path, Cancel())
    assert "RuntimeError: broken" in caplog.text
    assert (await ask(path, Look())).phase is Phase.CHOOSING
