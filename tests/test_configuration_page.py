"""The settings in the documentation are those of the code."""

from tests.configuration import MANUAL, PAGE, manual, page, settings


def test_the_page_matches_the_code() -> None:
    assert PAGE.read_text() == page(), "run python -m tests.configuration"


def test_the_manual_page_matches_the_code() -> None:
    assert MANUAL.read_text() == manual(), "run python -m tests.configuration"


def test_a_setting_has_its_range_its_default_and_its_meaning() -> None:
    [start] = [setting for setting in settings("enclosure") if setting.key == "enclosure.volume.start"]
    assert start.kind == "whole number, 0 to 100 or null"
    assert start.default == "null"
    assert start.meaning.startswith("Level of the first start")
