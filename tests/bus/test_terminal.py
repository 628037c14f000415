"""How values of other programs look on a terminal."""

import io
import sys

import pytest

from bus.cli.terminal import MAX_ITEMS, Progress, shown


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


LONG = {
    "binary": "f" * 1_000_000,
    "list": list(range(1000)),
    "object": {str(number): number for number in range(1000)},
    "x" * 1000: None,
    "inner": [{"binary": "f" * 1000}],
    "short": "ü",
}


def test_long_values_are_cut_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    line = shown(LONG)
    assert len(line) < 2000
    assert f'"{"f" * 200}... (1000000 characters)"' in line
    assert f'{MAX_ITEMS - 1},"... (1000 entries)"]' in line
    assert '"...":"(1000 entries)"}' in line
    assert '"short":"ü"' in line


def test_they_are_whole_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert "f" * 1_000_000 in shown(LONG)


def test_progress_is_one_line_on_a_terminal_and_silent_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for output in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", output)
        progress = Progress()
        for number in range(1, 1000):
            progress.show(str(number))
        progress.complain("done")
        assert output.getvalue().startswith("\r1\033[K" if isinstance(output, Terminal) else "done")
        assert output.getvalue().endswith("done\n")
        assert output.getvalue().count("\n") == 1
