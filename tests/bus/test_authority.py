import grp
import os
import pwd
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from bus.daemon.authority import may_administer, may_receive_passwords


@pytest.mark.parametrize(
    ("uid", "name", "groups", "may"),
    [
        (0, "root", [0], (True, True)),
        (999, "mycroft", [999], (True, False)),
        (998, "mycroft-admin", [998], (True, True)),
        (1000, "mycroft", [1000], (False, False)),
        (1001, "mycroft-admin", [1001], (False, False)),
        (1000, "mycroft", [1000, 77], (True, False)),
        (1000, "pi", [1000, 77], (True, False)),
        (1001, "guest", [1001], (False, False)),
    ],
)
def test_who_may_administer_and_who_may_receive_passwords(
    monkeypatch: pytest.MonkeyPatch, uid: int, name: str, groups: list[int], may: tuple[bool, bool]
) -> None:
    def of(value: object) -> Callable[..., object]:
        return lambda *_: value

    monkeypatch.setattr(os, "getuid", of(12345))
    monkeypatch.setattr(pwd, "getpwuid", of(SimpleNamespace(pw_name=name, pw_gid=groups[0])))
    monkeypatch.setattr(os, "getgrouplist", of(groups))
    monkeypatch.setattr(grp, "getgrnam", of(SimpleNamespace(gr_gid=77)))
    assert (may_administer(uid), may_receive_passwords(uid)) == may


def test_an_unknown_user_may_not_administer() -> None:
    assert not may_administer(None)
    assert not may_administer(4_000_000_000)
    assert not may_receive_passwords(None)
    assert not may_receive_passwords(4_000_000_000)


def test_the_user_of_the_bus_may_receive_passwords_unless_it_is_a_system_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for uid, may in ((1000, True), (999, False)):
        monkeypatch.setattr(os, "getuid", lambda uid=uid: uid)
        monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_name="mycroft"))
        assert may_receive_passwords(uid) is may


def test_the_user_of_the_daemon_itself_may_administer() -> None:
    assert may_administer(os.getuid())
