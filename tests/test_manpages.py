import pytest

from tests.manpages import DOCUMENTS, FOLDER, PAGE, PARSERS, page, render

ROOT = FOLDER.parents[1]


@pytest.mark.parametrize("name", PARSERS)
def test_man_pages_match_the_parsers(name: str) -> None:
    assert (FOLDER / f"{name}.1").read_text() == render(name), "run python -m tests.manpages"


def test_each_command_has_a_page() -> None:
    assert {f"{name}.1" for name in PARSERS} == {path.name for path in FOLDER.glob("*.1")}


def test_pages_refer_to_existing_documents() -> None:
    for document in {document for documents in DOCUMENTS.values() for document in documents}:
        assert (ROOT / "docs" / document).exists()


def test_the_page_of_commands_matches_the_parsers() -> None:
    assert PAGE.read_text() == page(), "run python -m tests.manpages"


def test_the_page_has_all_exit_codes_with_the_words_of_help() -> None:
    for parser in PARSERS.values():
        assert f"Exit codes: {(parser.epilog or '').partition('exit codes: ')[2].strip()}.\n" in page()


def test_a_shell_completes_each_command_that_people_type() -> None:
    names = PARSERS.keys() - {"mycroft-portal"}  # the unit runs it
    last = (ROOT / "debian/completions/mycroft-bus").read_text().splitlines()[-1]
    links = (ROOT / "debian/mycroft-bus.links").read_text().split()
    for name in names:
        assert name.removeprefix("mycroft-") in last.partition("{")[2].rstrip("}").split(",")
        assert f"usr/share/bash-completion/completions/{name}" in links
