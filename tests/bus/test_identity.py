import os
import pwd
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bus.daemon.authority import may_administer
from bus.server.identity import SCANS, Owner, Processes, owner_of, pids, process_name


@pytest.mark.parametrize(
    ("listening", "address"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::", "127.0.0.1")],
    ids=["4", "6", "mapped"],
)
def test_the_kernel_tells_whose_a_local_connection_is(listening: str, address: str) -> None:
    family = socket.AF_INET6 if ":" in listening else socket.AF_INET
    with (
        socket.create_server((listening, 0), family=family, dualstack_ipv6=listening == "::") as listener,
        socket.create_connection((address, listener.getsockname()[1])) as client,
    ):
        accepted, _ = listener.accept()
        with accepted:
            owner = owner_of(accepted)
            assert owner == Owner(os.getuid(), inode=os.fstat(client.fileno()).st_ino)
            assert owner.inode is not None
            assert pids()[owner.inode] == os.getpid()
            client.close()
            # The kernel has uid 0 for a socket that no process has any more; it is not root's.
            assert owner_of(accepted) is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start a program as another user")
def test_another_user_is_that_user() -> None:
    nobody = pwd.getpwnam("nobody")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connect = f"import socket; socket.create_connection(('127.0.0.1', {listener.getsockname()[1]})).recv(1)"
        with subprocess.Popen(["/usr/bin/python3", "-c", connect], user=nobody.pw_uid):
            accepted, _ = listener.accept()
            with accepted:
                owner = owner_of(accepted)
    assert owner is not None
    assert owner.uid == nobody.pw_uid
    assert not may_administer(owner.uid)


def test_a_unix_socket_tells_its_process() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert owner_of(ours) == Owner(os.getuid(), pid=os.getpid())


def test_programs_that_come_in_quick_succession_are_known() -> None:
    processes = Processes()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for _ in range(SCANS):
            with socket.create_connection(listener.getsockname()) as client:
                inode = os.fstat(client.fileno()).st_ino
                assert processes.pid_of(Owner(os.getuid(), inode=inode)) == os.getpid()


def test_a_file_with_the_name_of_a_socket_is_none(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, (tmp_path / "socket:[x]").open("w"):
        assert pids()[os.fstat(ours.fileno()).st_ino] == os.getpid()


def test_a_process_has_a_name() -> None:
    assert process_name(os.getpid()) is not None
    assert process_name(None) is None
    assert sys.platform == "linux"
