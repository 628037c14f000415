"""The tutorial for a board of the reader's own, on a device without a face: typed as it stands there."""

from tests.docs.pages import ANOTHER_BOARD
from tests.image.installed import Installed, all_units_are_active, examine
from tests.image.pages import prepare_owner, type_page


def a_board_of_the_owner_works_as_written(installed: Installed) -> str:
    """There are no pins, and the daemon says so; all the rest is as the page has it."""
    prepare_owner(installed, installed.upgrade or installed.first)
    type_page(installed, "tutorials/board-builder.md", ANOTHER_BOARD)
    all_units_are_active(installed.machine)
    board = examine(installed.machine)["kind of board"]
    assert "my_speaker" in board["found"], board
    return board["found"]


CHECKS = (a_board_of_the_owner_works_as_written,)
