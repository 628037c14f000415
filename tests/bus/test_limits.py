from bus.daemon.config import BusSettings, WebSocketSettings
from bus.server.limits import (
    LINE_S,
    LINES_PER_PARTY,
    MAX_LINES,
    MAX_PARTIES,
    MB,
    PATIENCE_S,
    Backlog,
    Budget,
    Limits,
    LogQuota,
    Outbox,
    Party,
)

OTHER = Outbox(Backlog(limit=1, mark=1))
ANN, BOB, ROOT = Party(1000), Party(1001), Party(0, trusted=True)


def test_a_budget_that_is_not_exceeded_drops_no_holder() -> None:
    budget: Budget[str] = Budget(10)
    budget.hold(ANN, "a", 10)
    assert budget.excess() is None
    budget.hold(ANN, "a", 3)
    budget.hold(BOB, "b", 7)
    assert budget.total == 10
    assert budget.excess() is None


def test_the_largest_holder_of_the_user_with_most_goes_first() -> None:
    budget: Budget[str] = Budget(10)
    budget.hold(BOB, "largest", 5)
    for number in range(3):
        budget.hold(ANN, f"ann {number}", number + 1)
    assert budget.excess() == "ann 2"
    budget.hold(ANN, "ann 2", 0)
    assert budget.excess() is None


def test_of_equal_holders_the_oldest_goes() -> None:
    budget: Budget[str] = Budget(2)
    for holder in ("old", "middle", "new"):
        budget.hold(ANN, holder, 1)
    assert budget.excess() == "old"


def places(limit: int, kept: int = 0) -> tuple[Budget[int], Budget[int]]:
    """Places, and handshakes that are not complete."""
    handshakes: Budget[int] = Budget(100)
    return Budget(limit, kept, first=handshakes), handshakes


def test_a_newcomer_takes_the_place_of_the_user_with_most() -> None:
    budget, _ = places(10)
    for number in range(10):
        budget.hold(ANN, number, 1)
    budget.hold(BOB, 10, 1)
    assert budget.excess() == 9
    budget.hold(ANN, 9, 0)
    budget.hold(ANN, 11, 1)
    assert budget.excess() == 11


def test_the_oldest_unfinished_handshake_goes_before_the_newest_client() -> None:
    budget, handshakes = places(3)
    for number in range(4):
        budget.hold(ANN, number, 1)
    assert budget.excess() == 3
    handshakes.hold(BOB, 9, 1)
    handshakes.hold(ANN, 9, 1)
    handshakes.hold(ANN, 2, 1)
    handshakes.hold(ANN, 3, 1)
    assert budget.excess() == 2


def test_places_are_kept_for_root_and_services() -> None:
    budget, _ = places(10, kept=2)
    for number in range(10):
        budget.hold(ANN, number, 1)
    budget.hold(ROOT, 10, 1)
    budget.hold(ROOT, 11, 1)
    assert budget.excess() is None
    budget.hold(ROOT, 12, 1)
    assert budget.excess() == 9, "beyond those kept, the user with most loses a place"


def test_an_ordinary_user_never_costs_root_its_place() -> None:
    budget, _ = places(2, kept=5)
    for number in range(5):
        budget.hold(ROOT, number, 1)
    budget.hold(ANN, 5, 1)
    budget.hold(ANN, 6, 1)
    assert budget.excess() is None
    budget.hold(ANN, 7, 1)
    assert budget.excess() == 7


def test_a_piece_that_waits_for_many_counts_once() -> None:
    backlog = Backlog(limit=100, mark=10)
    outboxes = [Outbox(backlog) for _ in range(5)]
    piece = b"x" * 60
    for outbox in outboxes:
        outbox.put(piece, now=0)
    assert backlog.total == 60
    assert not backlog.is_full
    for outbox in outboxes:
        assert outbox.take(100, now=1) == piece
    assert backlog.total == 0


def test_an_outbox_gives_its_pieces_in_order_and_in_any_size() -> None:
    backlog = Backlog(limit=100, mark=10)
    outbox = Outbox(backlog)
    for piece in (b"abc", b"defgh", b"i"):
        outbox.put(piece, now=0)
    assert [outbox.take(4, now=0) for _ in range(3)] == [b"abcd", b"efgh", b"i"]
    assert outbox.size == backlog.total == 0


def test_an_outbox_that_is_cleared_holds_nothing() -> None:
    backlog = Backlog(limit=100, mark=1)
    outbox = Outbox(backlog)
    outbox.put(b"abc", now=0)
    outbox.put(b"def", now=0)
    outbox.take(1, now=0)
    outbox.clear()
    assert (outbox.size, backlog.total, backlog.is_congested(now=0, own=OTHER)) == (0, 0, False)
    outbox.put(b"x", now=0)
    assert outbox.take(5, now=0) == b"x"


def test_a_client_is_not_slowed_down_for_what_waits_for_itself() -> None:
    backlog = Backlog(limit=1000, mark=10)
    outbox = Outbox(backlog)
    outbox.put(b"x" * 11, now=0)
    assert not backlog.is_congested(now=0, own=outbox)
    assert backlog.is_congested(now=0, own=OTHER)


def test_only_a_client_that_reads_slows_senders_down() -> None:
    backlog = Backlog(limit=1000, mark=10)
    outbox = Outbox(backlog)
    outbox.put(b"x" * 11, now=0)
    assert backlog.is_congested(now=0, own=OTHER)
    assert not backlog.is_congested(now=PATIENCE_S, own=OTHER)
    outbox.put(b"x", now=PATIENCE_S)
    assert not backlog.is_congested(now=PATIENCE_S, own=OTHER), "what is put is no progress"
    outbox.take(1, now=PATIENCE_S)
    assert backlog.is_congested(now=PATIENCE_S, own=OTHER)
    outbox.take(1, now=PATIENCE_S)
    assert not backlog.is_congested(now=PATIENCE_S, own=OTHER)


def test_senders_are_slowed_down_at_half_of_what_may_wait_for_all() -> None:
    backlog = Backlog(limit=100, mark=1000)
    backlog.add(51)
    assert backlog.is_congested(now=0, own=OTHER)
    backlog.add(50)
    assert backlog.is_full


def test_a_log_quota_is_for_each_party_and_for_all() -> None:
    quota = LogQuota()
    assert [quota.left_out(ANN, now=0) for _ in range(LINES_PER_PARTY + 5)] == [0] * LINES_PER_PARTY + [None] * 5
    assert quota.left_out(BOB, now=0) == 5
    assert quota.left_out(ANN, now=LINE_S) == 0
    assert quota.left_out(ANN, now=LINE_S) is None


def test_many_parties_cannot_fill_the_log_nor_the_memory() -> None:
    quota = LogQuota()
    found = [quota.left_out(Party(None, str(number)), now=0) for number in range(2 * MAX_PARTIES)]
    assert sum(left_out is not None for left_out in found) == MAX_LINES
    assert len(quota._parties) == MAX_PARTIES


def test_one_message_of_the_largest_size_always_fits() -> None:
    limits: Limits[str] = Limits(WebSocketSettings(max_msg_size=100), BusSettings(max_queued=1, max_unfinished=1))
    limits.unfinished.hold(ANN, "a", 100 * MB + 14)
    assert limits.unfinished.excess() is None
    limits.backlog.add(100 * MB)
    assert not limits.backlog.is_full
