"""docs/mycroft.conf.example has every setting that there is, with its default."""

from pathlib import Path

import msgspec

from bus.daemon import commented_json
from tests.configuration import SECTIONS

EXAMPLE = Path(__file__).parents[1] / "docs/mycroft.conf.example"


def test_all_settings_are_there_with_their_defaults() -> None:
    assert commented_json.parse(EXAMPLE.read_bytes()) == msgspec.json.decode(
        msgspec.json.encode({"log_level": "info", **SECTIONS})
    )
