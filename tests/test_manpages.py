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
