import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.contract.patterns import MAX_LENGTH, MAX_LOOSE, MAX_PATTERNS, MAX_STARS, Patterns
from bus.errors import PayloadError


@pytest.mark.parametrize(
    ("patterns", "msg_type", "matches"),
    [
        ([], "speak", False),
        (["*"], "", True),
        (["speak"], "speak", True),
        (["speak"], "speaker", False),
        (["enclosure.*"], "enclosure.eyes.on", True),
        (["enclosure.*"], "enclosure.", True),
        (["enclosure.*"], "enclosure", False),
        (["*.response"], "mycroft.volume.get.response", True),
        (["a*a"], "a", False),
        (["a*b*c"], "a.b.c", True),
        (["a*b*c"], "a.c.b", False),
        (["*ab*ab"], "abab", True),
        (["*aab*"], "aaab", True),
        (["x", "mycroft.*", "*.y"], "z.y", True),
    ],
)
def test_a_star_stands_for_any_characters(patterns: list[str], msg_type: str, matches: bool) -> None:
    assert Patterns(patterns).match(msg_type) is matches


@given(
    st.lists(
        st.text("*.ab", max_size=9).filter(lambda pattern: pattern.count("*") <= MAX_STARS), max_size=MAX_LOOSE
    ),
    st.text(".ab"),
)
def test_patterns_match_as_those_of_files_do(patterns: list[str], msg_type: str) -> None:
    expected = re.compile("|".join(map(fnmatch.translate, patterns)) or r"(?!)").match(msg_type) is not None
    assert Patterns(patterns).match(msg_type) is expected


@pytest.mark.parametrize(
    "patterns",
    [
        ["x"] * (MAX_PATTERNS + 1),
        ["x" * (MAX_LENGTH + 1)],
        ["*x"] * (MAX_LOOSE + 1),
        ["*x" * (MAX_STARS + 1)],
        ["mycroft.?"],
        ["[ab]"],
    ],
)
def test_patterns_are_limited(patterns: list[str]) -> None:
    with pytest.raises(PayloadError):
        Patterns(patterns)
