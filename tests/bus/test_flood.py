"""A flood of records leaves the log small."""

import logging

from bus.daemon.flood import BURST, INTERVAL_S, FloodFilter

WARNING, DEBUG = logging.WARNING, logging.DEBUG


def record(line: int, at: float, level: int = WARNING) -> logging.LogRecord:
    made = logging.LogRecord("x", level, "x.py", line, "a fault of %s", ("ann",), None)
    made.created = at
    return made


def kept(flood: FloodFilter, *records: logging.LogRecord) -> list[str]:
    return [each.getMessage() for each in records if flood.filter(each)]


def test_a_burst_is_kept_and_the_rest_is_counted() -> None:
    flood = FloodFilter()
    assert kept(flood, *(record(1, 0) for _ in range(60_000))) == ["a fault of ann"] * BURST
    later = kept(flood, record(1, INTERVAL_S), record(1, INTERVAL_S))
    assert later == [f"a fault of ann ({60_000 - BURST} more were left out)"]
    assert kept(flood, record(1, 2 * INTERVAL_S)) == ["a fault of ann (1 more were left out)"]
    assert len(kept(flood, *(record(1, 1e6) for _ in range(1000)))) == BURST


def test_a_flood_of_one_statement_hides_no_record_of_another() -> None:
    flood = FloodFilter()
    kept(flood, *(record(1, 0) for _ in range(1000)))
    assert kept(flood, record(2, 0)) == ["a fault of ann"]


def test_a_clock_that_is_set_back_takes_no_tokens() -> None:
    flood = FloodFilter()
    assert len(kept(flood, *(record(1, 1000 - number) for number in range(1000)))) == BURST


def test_records_of_debug_are_all_kept() -> None:
    assert len(kept(FloodFilter(), *(record(1, 0, DEBUG) for _ in range(1000)))) == 1000
