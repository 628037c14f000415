import pytest

from bus.daemon.token_bucket import TokenBucket


def test_a_token_bucket_lends_and_is_paid_back_with_time() -> None:
    bucket = TokenBucket(rate=10, burst=5)
    assert bucket.take(5, now=100) == 0
    assert bucket.take(2, now=100) == 0.2
    assert bucket.take(0, now=100.1) == pytest.approx(0.1)
    assert bucket.take(0, now=100.2) == pytest.approx(0)
    assert bucket.take(5, now=200) == 0
    assert bucket.take(1, now=200) == 0.1, "no more is kept than the burst"


def test_a_token_is_spent_only_where_there_is_one() -> None:
    bucket = TokenBucket(rate=0.5, burst=2)
    assert [bucket.spend(now=0) for _ in range(4)] == [True, True, False, False]
    assert bucket.refused == 2
    assert [bucket.spend(now=2) for _ in range(2)] == [True, False]
    assert bucket.refused == 1


def test_a_clock_that_is_set_back_stops_no_tokens() -> None:
    bucket = TokenBucket(rate=1, burst=1)
    assert [bucket.spend(now) for now in (1000, 0, 1)] == [True, False, True]
