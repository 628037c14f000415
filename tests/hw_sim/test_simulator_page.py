from tests.simulator_page import FIXTURES, PAGE, page


def test_the_tables_of_the_fixtures_match_the_code() -> None:
    assert PAGE.read_text() == page(), "run python -m tests.simulator_page"
    for name in FIXTURES:
        assert f"| `{name}` |" in PAGE.read_text()
