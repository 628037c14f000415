"""What is made from the profiles of the boards: ``python -m tests.boards`` writes it.

The list of boards in the question of mycroft-picroft. It is committed: Debian 12 can build the packages, but lacks
libraries that the profiles are read with.
"""

import re
from pathlib import Path

from enclosure.config import profile_names

TEMPLATES = Path(__file__).parents[1] / "debian/mycroft-picroft.templates"

OTHER_PACKAGE = "mycroft_mark_1"
"""The board of mycroft-mark-1."""


def choices() -> str:
    """The boards that debconf offers."""
    return ", ".join(["detect", *(name for name in profile_names() if name != OTHER_PACKAGE)])


def templates() -> str:
    """The question of mycroft-picroft, with these boards."""
    return re.sub("(?<=\nChoices: ).*", choices(), TEMPLATES.read_text())


if __name__ == "__main__":
    TEMPLATES.write_text(templates())
