"""The reader of the documentation: types the commands of a page on a terminal, and answers what they ask."""

import codecs
import os
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

TIMEOUT_S = 600.0
"""Of one line; the longest one builds the packages on a slow machine."""

CLOSE_TIMEOUT_S = 5.0

CTRL_C, CTRL_D = "\x03", "\x04"

STATUS, END = "\x1e", "\x1f"
_MORE = "\x1d"
"""In the prompts of the shell, and in no output: the status of the last command, and that the shell wants more."""

_PROMPT = re.compile(f"{STATUS}(\\d+){END}|{_MORE}")

_COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")

_SHELL = "exec bash --norc --noprofile --noediting -i"

PASSWORD = "correct horse battery"  # noqa: S105


class NoTerminalError(RuntimeError):
    """The shell has ended."""


@dataclass(frozen=True)
class Reaction:
    """What the reader types when this is to be read."""

    seen: str
    typed: str


REACTIONS = (
    Reaction(r"\[Y/n\] ?$", "\n"),
    Reaction(r"[Pp]assword( for \S+)?: ?$|Reenter password: ?$", f"{PASSWORD}\n"),
    Reaction(r"\(yes/no/\[fingerprint\]\)\? $", "yes\n"),
    # The programs that run until they are stopped.
    Reaction(r"(?m)^ready (bus|serial)=.*\n", CTRL_C),
    Reaction(r"[1-9]\d* messages$", CTRL_C),
)
"""What any page may ask for."""

UNASKED = {"/dev/stdin": f"{PASSWORD}\n{CTRL_D}"}
UNASKED_AFTER_S = 3.0
"""What the reader types where a command reads and asks nothing, and when: sudo loses what comes before it runs."""

REBOOT = "sudo reboot\n"
"""A block that ends so also ends the terminal, at once or soon."""

ENDED_BY_CTRL_C = {0, 2, 130}
"""Statuses of a program that was stopped: by itself, of make, and of the shell."""

MAY_FAIL = {
    "mycroft-enclosure doctor": r"^(ok|skip) .*\n(.*\n)*(warn|fail) ",
    "mycroft-portal run": r"^mycroft-portal: 0 sockets from systemd",
    "mycroft-hive pair": r"^mycroft-hive: no hub at ws://hub\.lan",
}
"""Commands that find fault with the machine that the page is tried on, as they should; what they print then."""

_AS_AFTER_A_LOGIN = ("env", "--default-signal=INT")
"""Programs that run in the background, and so their tests, ignore Ctrl-C."""

_SCRIPT = ("script", "--quiet", "--echo", "never", "--command", _SHELL, "/dev/null")


class Terminal:
    """A shell on a terminal of its own. Use as a context manager."""

    def __init__(
        self,
        *reactions: Reaction,
        command: Sequence[str] = (),
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`reactions` go before those to all pages; `command` leads to where the shell runs, such as nsenter."""
        self._reactions = (*reactions, *REACTIONS)
        self._process = subprocess.Popen(
            (*_AS_AFTER_A_LOGIN, *command, *_SCRIPT),
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self) -> Self:
        # The prompts only work once they are set; the shell's own ones have ended by then.
        self._write(
            "stty rows 40 columns 120; export VIRTUAL_ENV_DISABLE_PROMPT=1 PS1=$'\\x1e$?\\x1f' PS2=$'\\x1d'\n"
        )
        self._wait_for_prompt("the shell")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the shell, as the end of a login does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()  # for the shell this is Ctrl-D
        self._process.stdout.close()
        try:
            self._process.wait(CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:  # something else reads the terminal
            self._process.kill()
            self._process.wait()

    def type(self, commands: str, *, stop_after_s: float | None = None, timeout_s: float = TIMEOUT_S) -> str:
        """Types lines, one after the other has ended; returns what they print.

        Ctrl-C stops a program that runs for longer than `stop_after_s`. Raises AssertionError where one fails or
        does not end, and NoTerminalError where the shell ends.
        """
        printed = ""
        for line in commands.splitlines():
            self._write(f"{line}\n")
            later = (stop_after_s, CTRL_C) if stop_after_s else None
            for read, typed in UNASKED.items():
                if read in line:
                    later = UNASKED_AFTER_S, typed
            status, said, stopped = self._wait_for_prompt(line, timeout_s, later)
            printed += said
            expected = next((said for command, said in MAY_FAIL.items() if command in line), None)
            found = expected is not None and re.search(expected, said, re.MULTILINE)
            well = found or status == 0 or (stopped and status in ENDED_BY_CTRL_C)
            assert well, f"{line}\nended with {status}:\n{printed}"
        return printed

    def type_block(self, text: str) -> str | None:
        """Types the text of a block; None where that restarts the machine, which ends the terminal."""
        try:
            printed = self.type(text)
        except NoTerminalError:
            assert text.endswith(REBOOT), f"{text}ended the shell"
        if not text.endswith(REBOOT):
            return printed
        self.close()  # systemd would wait for 90 s for what is no child of it
        return None

    def start(self, line: str) -> None:
        """Types a line whose program runs until `stop`."""
        self._write(f"{line}\n")

    def stop(self, line: str) -> None:
        """Ends that program by Ctrl-C. Raises AssertionError where it has not run until then, or does not end."""
        early = self._read_until(0.0) or ""
        assert not _PROMPT.search(early), f"{line}\nhas ended by itself:\n{early}"
        self._write(CTRL_C)
        status, said, _ = self._wait_for_prompt(line)
        assert status in ENDED_BY_CTRL_C, f"{line}\nended with {status}:\n{said}"

    def _wait_for_prompt(
        self, line: str, timeout_s: float = TIMEOUT_S, later: tuple[float, str] | None = None
    ) -> tuple[int, str, bool]:
        """Status, output, and whether the reader has stopped the command; `later` is when to type what, too."""
        started = time.monotonic()
        said, answered, stopped = "", 0, False
        while True:
            if (chunk := self._read_until(started + (later[0] if later else timeout_s))) is None:
                assert later, f"{line}\ndoes not end:\n{said}"
                self._write(later[1])
                stopped, later = stopped or later[1] == CTRL_C, None
                continue
            if not chunk:
                raise NoTerminalError(f"{line}\nended the shell:\n{said}")
            said += chunk
            text = _COLOUR.sub("", said.replace("\r\n", "\n"))
            if prompt := _PROMPT.search(text):
                return int(prompt[1] or 0), text[: prompt.start()], stopped
            for reaction in self._reactions:
                if found := re.search(reaction.seen, text[answered:]):
                    answered += found.end()
                    stopped = stopped or reaction.typed == CTRL_C
                    self._write(reaction.typed)
                    break

    def _read_until(self, when: float) -> str | None:
        """What comes next; empty at the end, None where nothing comes until then."""
        while select.select((self._output,), (), (), max(0.0, when - time.monotonic()))[0]:
            chunk = os.read(self._output, 65536)
            if (text := self._decoder.decode(chunk)) or not chunk:  # else it is a part of a character
                return text
        return None

    def _write(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()
