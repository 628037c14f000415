"""What the pages about tests of skills tell their reader to type, typed where nothing else is installed."""

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tests.e2e import wheel

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300)]


def test_the_tutorial_works_as_written(tmp_path: Path) -> None:
    built = wheel.build(tmp_path)
    script = ["set -e"]
    for block in blocks("tutorials/first-test.md"):
        if block.language == "sh":
            script += [line for line in block.text.splitlines() if not line.startswith("git clone")]
        elif block.language == "python":
            script.append(f"cat >> {block.file} <<'EOF'\n\n\n{block.text}EOF")
    commands = "\n".join((*script, "pytest")).replace("./mycroft-enclosure", str(built))
    said = wheel.run(tmp_path, "sh", "-c", commands, environment=wheel.environment(tmp_path / "outer"))
    assert " 3 passed in " in said.splitlines()[-1], said


def test_the_workflow_works_as_written(tmp_path: Path) -> None:
    [workflow] = [block for block in blocks("simulator.md") if block.language == "yaml"]
    assert workflow.file == ".github/workflows/test.yml"
    commands = re.findall(r"^ *- run: (.*)$", workflow.text, re.MULTILINE)
    assert len(commands) == 2
    address = wheel.build(tmp_path).as_uri()
    environment = wheel.environment(tmp_path / "environment")
    skill = tmp_path / "skill"
    shutil.copytree(wheel.ROOT / "examples/dice", skill)
    for command in commands:
        typed = command.replace("git+<address of this repository>", address)
        wheel.run(skill, "sh", "-c", typed, environment=environment)
