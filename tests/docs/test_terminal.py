"""The reader's terminal, on which the commands of the documentation are tried."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridges.mqtt.mosquitto import until
from tests.docs.terminal import PASSWORD, REBOOT, NoTerminalError, Terminal

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(60)]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with Terminal(folder=tmp_path, environment={"PATH": os.defpath, "HOME": str(tmp_path)}) as found:
        yield found


def test_what_commands_print_is_returned_without_colours_and_prompts(terminal: Terminal) -> None:
    assert terminal.type("printf '\\033[32mok\\033[0m\\n'  # a remark\nx=1\necho $x\n") == "ok\n1\n"


def test_a_character_that_comes_in_parts_is_one_character(terminal: Terminal) -> None:
    assert terminal.type("printf '\\303'; sleep 0.2; printf '\\244\\n'") == "ä\n"


def test_a_file_is_typed_up_to_its_end(terminal: Terminal) -> None:
    assert terminal.type("cat > file << END\na\n  b\nEND\ncat file") == "a\n  b\n"


def test_a_failure_in_the_middle_is_not_lost(terminal: Terminal) -> None:
    with pytest.raises(AssertionError, match="false\nended with 1"):
        terminal.type("false\ntrue")


def test_a_password_is_typed_where_it_is_asked_for(terminal: Terminal) -> None:
    assert PASSWORD in terminal.type("read -rsp 'New password: ' it < /dev/tty; echo $it")


def test_an_input_that_asks_nothing_gets_the_password_and_its_end(terminal: Terminal) -> None:
    assert terminal.type("install -m 600 /dev/stdin file\ncat file").splitlines()[-1] == PASSWORD


def test_a_program_that_runs_until_it_is_stopped_is_stopped_when_it_is_ready(terminal: Terminal) -> None:
    assert "ready" in terminal.type("sh -c 'echo ready bus=1; exec sleep infinity'")


def test_a_program_of_a_terminal_of_its_own_runs_until_ctrl_c(terminal: Terminal, tmp_path: Path) -> None:
    terminal.start("sh -c 'touch started; exec sleep infinity'")
    until((tmp_path / "started").exists, "the program")
    terminal.stop("sleep")


def test_a_program_that_does_not_end_fails_the_test(terminal: Terminal) -> None:
    with pytest.raises(AssertionError, match="does not end"):
        terminal.type("sleep infinity", timeout_s=0.5)


def test_the_end_of_the_shell_is_reported(terminal: Terminal) -> None:
    with pytest.raises(NoTerminalError):
        terminal.type("exit")


def test_a_block_that_restarts_the_machine_ends_the_terminal_well(terminal: Terminal) -> None:
    assert terminal.type_block("x=1\n") == ""
    assert terminal.type_block(f"exit\n{REBOOT}") is None


def test_another_block_does_not_end_the_terminal(terminal: Terminal) -> None:
    with pytest.raises(AssertionError, match="ended the shell"):
        terminal.type_block("exit\n")
