"""What the pages say to type and to configure is valid, also where no test runs it."""

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bus.contract.lookup import problems
from bus.daemon import commented_json
from enclosure.config import load_profile
from tests.configuration import SECTIONS
from tests.docs.pages import (
    DEVICE,
    NOT_RUN,
    OUTPUT,
    PRESS,
    ROOT,
    RUN_ELSEWHERE,
    SHELLS,
    SIMULATOR,
    Block,
    blocks,
    pages,
)
from tests.manpages import PARSERS

OTHER_SECTIONS = {"PHAL", "log_level"}

OWN_PROFILE = "my_speaker"
"""A board that the reader makes; its name is valid where its file is."""

ENDS = ("|", ">", "||", "&&", ";", "#", "2>")
"""Where the arguments of a command end."""


def commands(page: str) -> Iterator[list[str]]:
    """The commands of this project on a page, as words."""
    for block in blocks(page):
        if block.language in SHELLS:
            for line in block.text.replace("\\\n", " ").splitlines():
                with contextlib.suppress(ValueError):  # a text of several lines
                    yield from _ours(shlex.split(line, comments=True))


def _ours(words: list[str]) -> Iterator[list[str]]:
    for number, word in enumerate(words):
        name = word.removeprefix(".venv/bin/")
        if name in PARSERS and words[:number] in ([], ["sudo"]):
            end = next((place for place in range(number, len(words)) if words[place] in ENDS), len(words))
            yield [name, *("picroft" if word == OWN_PROFILE else word for word in words[number + 1 : end])]


def error_of(name: str, arguments: list[str]) -> str:
    """What a command says of its arguments; empty if they are valid."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            PARSERS[name].parse_args(arguments)
        except SystemExit as ended:
            return said.getvalue() if ended.code else ""
    return ""


@pytest.mark.parametrize("page", sorted(set(pages()) - RUN_ELSEWHERE.keys()))
def test_each_command_is_run_or_has_a_reason_not_to(page: str) -> None:
    reasons = NOT_RUN.get(page, {})
    unknown = [
        block.text
        for block in blocks(page)
        if block.language in SHELLS
        and not block.marks & {SIMULATOR, DEVICE}
        and not block.text.startswith(tuple(reasons))
    ]
    assert unknown == []
    unused = [start for start in reasons if not any(block.text.startswith(start) for block in blocks(page))]
    assert unused == []


@pytest.mark.parametrize("page", pages())
def test_marks_are_known(page: str) -> None:
    for block in blocks(page):
        assert block.marks <= {SIMULATOR, DEVICE, OUTPUT, PRESS}, block


@pytest.mark.parametrize("page", pages())
def test_commands_have_valid_arguments(page: str) -> None:
    for name, *arguments in commands(page):
        assert error_of(name, arguments) == ""


@pytest.mark.parametrize("page", pages())
def test_messages_are_documented_with_these_fields(page: str) -> None:
    for name, *arguments in commands(page):
        if name == "mycroft-bus" and arguments[0] == "send":
            options = PARSERS[name].parse_args(arguments)
            assert problems(options.type, options.data) == [], arguments


@pytest.mark.parametrize("page", pages())
def test_configurations_are_valid(page: str) -> None:
    for block in blocks(page):
        if block.language == "json" and not re.search("<[a-z ]+>", block.text):
            _check(block)


@pytest.mark.parametrize("page", pages())
def test_boards_of_the_reader_are_valid(page: str, tmp_path: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            (tmp_path / f"{OWN_PROFILE}.toml").write_text(block.text)
            load_profile(OWN_PROFILE, own=tmp_path)


def _check(block: Block) -> None:
    for name, values in commented_json.parse(block.text.encode()).items():
        assert name in SECTIONS.keys() | OTHER_SECTIONS, block.text
        if name in SECTIONS:
            msgspec.convert(values, type(SECTIONS[name]))


def test_lists_of_pages_are_up_to_date() -> None:
    assert set(pages()) >= RUN_ELSEWHERE.keys() | NOT_RUN.keys()


def test_links_of_the_readme_lead_to_files() -> None:
    """Sphinx checks those of all other pages."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []
