"""The kernel's answers about wifi stations; those of a kernel without wifi are real."""

import socket

import pytest

from admin.wifi import stations
from admin.wifi.stations import count_stations

FAMILY = 0x1C


class Kernel:
    """A netlink socket with an interface that has some stations."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self.requests: list[bytes] = []

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def settimeout(self, _: float) -> None:
        pass

    def send(self, request: bytes) -> None:
        self.requests.append(request)

    def recv(self, _: int) -> bytes:
        return self._answers.pop(0)


def answer(kind: int, command: int, attribute: int, value: bytes) -> bytes:
    return stations._request(kind, 0, command, attribute, value)


FOUND = answer(16, 1, 1, FAMILY.to_bytes(2, "little"))
STATION = answer(FAMILY, 19, 6, b"\x02\0\0\0\x01\0")
DONE = answer(3, 0, 0, b"")


@pytest.mark.parametrize(
    ("dump", "count"), [([DONE], 0), ([STATION + DONE], 1), ([STATION + STATION, STATION, DONE], 3)]
)
def test_the_stations_of_an_interface_are_counted(
    monkeypatch: pytest.MonkeyPatch, dump: list[bytes], count: int
) -> None:
    kernel = Kernel(FOUND, *dump)
    monkeypatch.setattr(socket, "socket", lambda *_: kernel)
    assert count_stations("lo") == count
    family, request = kernel.requests
    assert b"nl80211\0" in family
    assert request[4:6] == FAMILY.to_bytes(2, "little")


def test_the_kernel_finds_a_family_by_its_name() -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as kernel:
        kernel.send(stations._request(16, 1, 3, 2, b"nlctrl\0"))
        assert stations._family_of(kernel.recv(65536)) == 16


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\0" * 64, b"\xff" * 64])
def test_a_broken_answer_is_an_error(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_: Kernel(data))
    with pytest.raises(OSError, match="no wifi"):
        count_stations("lo")


def test_an_interface_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match=r"no wifi|No such device"):
        count_stations("nosuch0")
