import pytest

from tests.manpages import DOCUMENTS, FOLDER, PARSERS, render

ROOT = FOLDER.parents[1]


@pytest.mark.parametrize("name", PARSERS)
def test_man_pages_are_what_the_commands_say_of_themselves(name: str) -> None:
    assert (FOLDER / f"{name}.1").read_text() == render(name), "run python -m tests.manpages"


def test_there_is_one_for_each_command() -> None:
    assert {f"{name}.1" for name in PARSERS} == {path.name for path in FOLDER.iterdir()}


def test_they_lead_to_documents_that_are_there() -> None:
    for document in {document for documents in DOCUMENTS.values() for document in documents}:
        assert (ROOT / "docs" / document).exists()
