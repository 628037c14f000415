import grp
import os
import pwd
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from bus.daemon.authority import may_administer


@pytest.mark.parametrize(
    ("uid", "name", "groups", "admin"),
    [
        (0, "root", [0], True),
        (999, "mycroft", [999], True),
        (998, "mycroft-admin", [998], True),
        (1000, "mycroft", [1000], False),
        (1001, "mycroft-admin", [1001], False),
        (1000, "mycroft", [1000, 77], True),
        (1000, "pi", [1000, 77], True),
        (1001, "guest", [1001], False),
    ],
)
def test_who_may_administer(
    monkeypatch: pytest.MonkeyPatch, uid: int, name: str, groups: list[int], admin: bool
) -> None:
    def of(value: object) -> Callable[..., object]:
        return lambda *_: value

    monkeypatch.setattr(os, "getuid", of(12345))
    monkeypatch.setattr(pwd, "getpwuid", of(SimpleNamespace(pw_name=name, pw_gid=groups[0])))
    monkeypatch.setattr(os, "getgrouplist", of(groups))
    monkeypatch.setattr(grp, "getgrnam", of(SimpleNamespace(gr_gid=77)))
    assert may_administer(uid) is admin


def test_an_unknown_user_may_not_administer() -> None:
    assert not may_administer(None)
    assert not may_administer(4_000_000_000)


def test_the_user_of_the_daemon_itself_may_administer() -> None:
    assert may_administer(os.getuid())
