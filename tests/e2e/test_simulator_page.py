"""What docs/simulator.md tells its reader to type, typed where nothing else is installed."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.e2e import wheel

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300)]

PAGE = (wheel.ROOT / "docs/simulator.md").read_text()

BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(?:Save (?:it|this) as|Add this to)\s+`([^`]+)`")


def section(title: str) -> str:
    """The part of the page with this title."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0].partition("\n### ")[0]


def blocks(text: str) -> Iterator[tuple[str, str, str]]:
    """The language and the text of each block, and the file that the sentence before it names."""
    end = 0
    for block in BLOCK.finditer(text):
        named = FILE.findall(text[end : block.start()])
        yield block[2], dedent(block[3]), named[-1] if named else ""
        end = block.end()


def test_the_tutorial_works_as_written(tmp_path: Path) -> None:
    built = wheel.build(tmp_path)
    script = ["set -e"]
    for language, text, file in blocks(section("Tutorial: the first test of a skill")):
        if language == "sh":
            script += [line for line in text.splitlines() if not line.startswith("git clone")]
        elif language == "python":
            script.append(f"cat >> {file} <<'EOF'\n\n\n{text}EOF")
    commands = "\n".join((*script, "pytest")).replace("./mycroft-enclosure", str(built))
    said = wheel.run(tmp_path, "sh", "-c", commands, environment=wheel.environment(tmp_path / "outer"))
    assert " 3 passed in " in said.splitlines()[-1], said


def test_the_workflow_works_as_written(tmp_path: Path) -> None:
    [(_, workflow, file)] = blocks(section("In CI"))
    assert file == ".github/workflows/test.yml"
    commands = re.findall(r"^ *- run: (.*)$", workflow, re.MULTILINE)
    assert len(commands) == 2
    address = wheel.build(tmp_path).as_uri()
    environment = wheel.environment(tmp_path / "environment")
    skill = tmp_path / "skill"
    shutil.copytree(wheel.ROOT / "examples/dice", skill)
    for command in commands:
        typed = command.replace("git+<address of this repository>", address)
        wheel.run(skill, "sh", "-c", typed, environment=environment)
