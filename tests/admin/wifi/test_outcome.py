"""The reasons of NetworkManager in the words of the user; the numbers were seen with real radios."""

import pytest

from admin.wifi.networks import Security
from admin.wifi.outcome import Failure, failure_of


@pytest.mark.parametrize(
    ("reason", "security", "failure"),
    [
        (7, Security.WPA2, Failure.WRONG_PASSWORD),
        (7, None, Failure.WRONG_PASSWORD),
        (53, Security.WPA3, Failure.MAYBE_WRONG_PASSWORD),
        (53, Security.WPA2_WPA3, Failure.MAYBE_WRONG_PASSWORD),
        (53, Security.WPA2, Failure.NOT_FOUND),
        (53, None, Failure.NOT_FOUND),
        (5, Security.OPEN, Failure.NO_ADDRESS),
        *[(reason, Security.OPEN, Failure.NO_ADDRESS) for reason in (15, 16, 17)],
        *[(reason, Security.WPA2, Failure.NO_ANSWER) for reason in (8, 10, 11)],
        *[(reason, Security.WPA2, Failure.INTERRUPTED) for reason in (36, 37, 38, 39, 60)],
        (1, Security.WPA2, Failure.OTHER),
        (4_000_000_000, Security.WPA2, Failure.OTHER),
    ],
)
def test_failure_of(reason: int, security: Security | None, failure: Failure) -> None:
    assert failure_of(reason, security) is failure
    assert failure.words


def test_only_a_wrong_password_has_the_code_that_asks_for_it_again() -> None:
    asking = {failure for failure in Failure if failure.code == "0"}
    assert asking == {Failure.WRONG_PASSWORD, Failure.MAYBE_WRONG_PASSWORD}
