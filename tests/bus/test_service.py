"""What the runner does for each daemon: systemd's protocol, signals, errors, the log; tried on processes."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sys
import textwrap
import tomllib
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

import bus
from bus.version import VERSION
from tests.conftest import until

pytestmark = pytest.mark.real_time

# Becomes the bus, as systemd does it: the socket is descriptor 3, and LISTEN_PID the process that may have it.
LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, "-m", "bus", "serve"])
"""


async def start(environment: dict[str, str], listening: socket.socket) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LAUNCH, str(listening.fileno())),
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, **environment},
        pass_fds=[listening.fileno()],
    )


async def test_a_restart_refuses_no_client_and_systemd_is_notified(tmp_path: Path) -> None:
    told: list[bytes] = []
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
    ):
        systemd.bind(str(tmp_path / "notify"))
        asyncio.get_running_loop().add_reader(systemd, lambda: told.append(systemd.recv(100)))
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"}
        url = f"ws://127.0.0.1:{listening.getsockname()[1]}/core"

        async def connects() -> None:
            async with connect(url) as client:
                assert json.loads(await client.recv())["type"] == "connected"

        process = await start(environment, listening)
        await connects()
        await until(lambda: b"READY=1" in told and told.count(b"WATCHDOG=1") > 2, f"ready and watchdog in {told}")
        process.terminate()
        assert await process.wait() == 0
        assert b"STOPPING=1" in told

        waiting = asyncio.create_task(connects())
        _, writer = await asyncio.open_connection(
            *listening.getsockname()
        )  # there is no bus now, and yet none is refused
        writer.close()
        process = await start(environment, listening)
        await waiting
        process.terminate()
        await process.communicate()
        asyncio.get_running_loop().remove_reader(systemd)


async def test_child_processes_do_not_inherit_its_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = await start({}, listening)
        assert process.stdout is not None
        await process.stdout.readline()
        flags = re.findall(r"^flags:\s*(\d+)", Path(f"/proc/{process.pid}/fdinfo/3").read_text(), re.MULTILINE)
        process.terminate()
        await process.communicate()
    assert int(flags[0], 8) & os.O_CLOEXEC


async def test_it_stops_on_a_signal_when_systemd_no_longer_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = await start({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "100000"}, listening)
        assert process.stdout is not None
        await process.stdout.readline()
        process.terminate()
        async with asyncio.timeout(5):
            _, err = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in err


async def program(body: str, **options: Any) -> Process:
    """A daemon whose main coroutine has this body."""
    code = (
        "import asyncio, logging\nfrom bus.daemon.runner import run\nfrom bus.errors import *\n"
        f"async def main():\n{textwrap.indent(textwrap.dedent(body), ' ')}\nraise SystemExit(run(main))"
    )
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, **{"stdout": PIPE, "stderr": PIPE, **options}
    )


async def test_the_watchdog_is_not_fed_while_a_message_hangs(tmp_path: Path) -> None:
    told: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        asyncio.get_running_loop().add_reader(systemd, lambda: told.append(systemd.recv(100)))
        process = await program(
            """
            import bus.daemon.runner as runner
            runner.notify("READY=1")
            await runner.watched(asyncio.sleep)(0.05)
            runner.STEP_LIMIT_S = 0
            await runner.watched(lambda _: asyncio.Event().wait())(None)
            """,
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000"},
        )
        assert process.stderr is not None
        assert b"left to the watchdog" in await process.stderr.readline()
        with contextlib.suppress(BlockingIOError):
            while True:
                told.append(systemd.recv(100))
        assert b"WATCHDOG=1" in told[told.index(b"READY=1") :]
        fed = len(told)
        for _ in range(3):
            assert b"left to the watchdog" in await process.stderr.readline()
        process.terminate()
        await until(lambda: b"STOPPING=1" in told, "the stop")
        assert told[fed:] == [b"STOPPING=1"]
        await process.communicate()
        asyncio.get_running_loop().remove_reader(systemd)


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        ("OSError('the device is gone')", 1, "the device is gone"),
        ("ListenError('port 1 is in use')", 1, "port 1 is in use"),
        ("ConfigError('mycroft.conf: no')", 2, "mycroft.conf: no"),
        ("BusUnavailableError('no bus')", 3, "no bus"),
        ("ExceptionGroup('', [OSError('the device is gone')])", 1, "the device is gone"),
        ("ExceptionGroup('', [ExceptionGroup('', [ConfigError('no'), OSError()])])", 2, "no"),
        ("OSError('two\\nlines')", 1, r"two\u000alines"),
    ],
)
async def test_an_error_that_a_person_can_mend_is_one_line(raised: str, code: int, line: str) -> None:
    process = await program(f"raise {raised}")
    _, err = await process.communicate()
    assert (process.returncode, err.decode()) == (code, f"{line}\n")


@pytest.mark.parametrize("raised", ["KeyError('x')", "ExceptionGroup('', [OSError('gone'), KeyError('x')])"])
async def test_any_other_error_is_a_crash_with_a_traceback(raised: str) -> None:
    process = await program(f"raise {raised}")
    _, err = await process.communicate()
    assert process.returncode == 1
    assert " CRITICAL bus.daemon.runner: crashed\n" in err.decode()
    assert "Traceback" in err.decode()
    assert "KeyError: 'x'" in err.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_does_not_interrupt_the_cleanup(number: signal.Signals) -> None:
    process = await program(
        """
        try:
            print("ready", flush=True)
            await asyncio.Event().wait()
        finally:
            print("closing", flush=True)
            await asyncio.to_thread(input)
            print("closed", flush=True)
    """,
        stdin=PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    process.terminate()
    assert await process.stdout.readline() == b"closing\n"
    process.send_signal(number)
    out, err = await process.communicate(b"go on\n")
    assert (process.returncode, out) == (0, b"closed\n")
    assert b"Traceback" not in err


async def test_the_journal_gets_priorities_and_no_second_time() -> None:
    reader, writer = os.pipe()
    status = os.fstat(writer)
    process = await program(
        """
        logging.getLogger("x").warning("a\\nb")
        logging.getLogger("x").info("c")
        try:
            1 / 0
        except ZeroDivisionError:
            logging.getLogger("x").exception("d")
        raise OSError("e")
        """,
        env={**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"},
        stderr=writer,
    )
    os.close(writer)
    await process.wait()
    with os.fdopen(reader) as file:
        lines = file.read().splitlines()
    assert lines[:4] == [r"<4>x: a\u000ab", "<6>x: c", "<3>x: d", "<3>Traceback (most recent call last):"]
    assert all(line.startswith("<3>") for line in lines[4:])
    assert lines[-1] == "<3>e"


async def test_a_traceback_that_quotes_a_message_is_cut() -> None:
    process = await program("""
        try:
            raise KeyError("a" * 1_000_000)
        except KeyError:
            logging.getLogger("x").exception("handler of y")
    """)
    _, err = await process.communicate()
    assert err.decode().endswith(f"{'a' * 1000}... (1000012 characters)\n")
    assert len(err) < 10_000


async def test_a_terminal_gets_time_and_level_and_lines_of_bounded_length() -> None:
    process = await program("""logging.getLogger("x").warning("%s", "a" * 1_000_000)""")
    _, err = await process.communicate()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [\d:,]{12} WARNING x: a{2000}... \(1000000 characters\)\n", err.decode())


ROOT = Path(bus.__file__).parents[1]

SCRIPTS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


async def interrupt_imports(*command: str, first_import: Path) -> tuple[int | None, bytes]:
    """Exit code and errors of a program that gets SIGINT at the first of its imports that takes time."""
    first_import.write_text("print('importing', flush=True); import time; time.sleep(60)")
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "PYTHONPATH": f"{first_import.parent}:{ROOT}"},
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"importing\n"
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    return process.returncode, err


@pytest.mark.parametrize("entry", SCRIPTS.values())
async def test_ctrl_c_is_quiet_during_the_imports_of_a_module(entry: str, tmp_path: Path) -> None:
    module = entry.partition(".__main__")[0]
    outcome = await interrupt_imports(sys.executable, "-m", module, first_import=tmp_path / "argparse.py")
    assert outcome == (-signal.SIGINT, b"")


@pytest.mark.parametrize("name", SCRIPTS)
async def test_ctrl_c_is_quiet_during_the_imports_of_a_script_of_pip(name: str, tmp_path: Path) -> None:
    module, _, function = SCRIPTS[name].partition(":")
    script = tmp_path / name
    script.write_text(f"import re\nimport sys\nfrom {module} import {function}\n")
    outcome = await interrupt_imports(sys.executable, str(script), first_import=tmp_path / "argparse.py")
    assert outcome == (-signal.SIGINT, b"")


@pytest.mark.parametrize("package", ["bus", "enclosure", "admin", "hw_sim"])
async def test_every_command_has_a_version(package: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", package, "--version", stdout=PIPE)
    out, _ = await process.communicate()
    assert re.fullmatch(rf"mycroft-\w+ {re.escape(VERSION)}\n", out.decode())
