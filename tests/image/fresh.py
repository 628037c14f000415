"""The commands that a newcomer types on a fresh Debian 13 with a network: to get, build and run the software."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL

from tests.docs.pages import FRESH, OUTPUT, SHELLS, TERMINALS, Block, blocks, marked, named, pages
from tests.docs.terminal import Terminal
from tests.image.faults import MAY_ALL, SUDOERS
from tests.image.machine import Machine
from tests.image.tree import OWNER, OWNER_ID, Tree, run

PROGRAM = "slirp4netns"
"""Gives the machine a network of its own that leads to that of this one."""

NAMESERVER = "10.0.2.3"
"""Where it answers for this machine's own (slirp4netns(1))."""

ADDRESS, CLONED = "<address of this repository>", "/srv/mycroft-enclosure"
"""What the pages have in the place of the address, and where the machine has the repository."""

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Behind a proxy, this machine has more than Debian."""

FIRST = "tutorials/owner.md"
"""The page that installs what the others name as prerequisites."""

PREPARED = {"fleet.md": "apt-get -qq --yes --no-install-recommends install rabbitmq-server >/dev/null"}
"""By page, what root does before its reader begins."""

IN_WORDS = {"mkdir -p stage-mycroft": "mkdir ../pi-gen && cd ../pi-gen"}
"""What the reader does by the words before a block."""


def type_pages(tree: Tree, source: Path, log: Path) -> str:
    """Each page in a folder of its own, which is the home of its reader."""
    tree.create()
    _prepare(tree.root, source)
    count = 0
    with Machine(tree, log) as machine:
        for page in sorted(pages(), key=lambda page: page != FIRST):
            if typed := marked(page, FRESH):
                _type_page(machine, tree.root, page)
                count += len(typed)
    return f"{count} blocks"


def _prepare(root: Path, source: Path) -> None:
    (root / "etc/apt/sources.list.d/mycroft.list").unlink()
    (root / "etc/resolv.conf").write_text(f"nameserver {NAMESERVER}\n")
    (root / SUDOERS).write_text(MAY_ALL)
    shutil.copy(CERTIFICATES, root / str(CERTIFICATES)[1:])
    (root / "etc/pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}\n")
    cloned = root / CLONED[1:]
    shutil.copytree(source, cloned, symlinks=True)
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@localhost")
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=all")):
        run(*git, *command, cwd=cloned)
    for path in (cloned, *cloned.rglob("*")):
        os.chown(path, OWNER_ID, OWNER_ID, follow_symlinks=False)  # git clones no repository of another user


@contextlib.contextmanager
def _network(machine: Machine) -> Iterator[None]:
    """A way to other machines, which is open from the beginning."""
    ready, when_ready = os.pipe()
    options = ("--configure", "--disable-host-loopback", f"--ready-fd={when_ready}")
    command = (PROGRAM, *options, str(machine.first_process()), "tap0")
    with (
        os.fdopen(ready, "rb") as said,
        subprocess.Popen(command, stdout=DEVNULL, stderr=DEVNULL, pass_fds=(when_ready,)) as process,
    ):
        os.close(when_ready)
        try:
            assert said.read(1), f"{PROGRAM} has ended"
            yield
        finally:
            process.terminate()


def _type_page(machine: Machine, root: Path, page: str) -> None:
    home = f"/home/{OWNER}/{page.replace('/', '-')}"
    folder = home
    printed: str | None = None
    with named(page), contextlib.ExitStack() as stack:
        stack.enter_context(_network(machine))
        machine.run("sh", "-c", PREPARED.get(page, ""))
        terminal = stack.enter_context(_login(machine, home, home))
        for block in blocks(page):
            text = block.text.replace(ADDRESS, CLONED)
            match block:
                case Block(marks=marks) if {FRESH, TERMINALS} <= marks:
                    for line in text.splitlines():
                        stack.enter_context(_running(machine, home, folder, line))
                case Block(marks=marks) if FRESH in marks:
                    for start, before in IN_WORDS.items():
                        if text.startswith(start):
                            terminal.type(before)
                    printed = terminal.type_block(text)
                    if printed is None:
                        machine.restarts()
                        stack.enter_context(_network(machine))
                        terminal = stack.enter_context(_login(machine, home, folder))
                    folder = terminal.type("pwd").strip()
                case Block(marks=marks) if OUTPUT in marks and printed is not None:
                    assert text in printed, f"{text} is not in {printed}"
                case Block(language=language) if language in SHELLS:
                    printed = None  # what follows is not of a block that was typed here
                case Block(file=file) if file.startswith("/"):
                    (root / file[1:]).write_text(text)
                case Block(language="python", file=file) if file:
                    terminal.type(f"cat >> {file} <<'END_OF_FILE'\n{text}END_OF_FILE")


@contextlib.contextmanager
def _login(machine: Machine, home: str, folder: str) -> Iterator[Terminal]:
    with machine.terminal(OWNER) as terminal:
        terminal.type(f"export HOME={home}; mkdir -p {folder}; cd {folder}")
        yield terminal


@contextlib.contextmanager
def _running(machine: Machine, home: str, folder: str, line: str) -> Iterator[None]:
    """A program of a terminal of its own, until the page is over."""
    with _login(machine, home, folder) as terminal:
        terminal.start(line)
        yield
        terminal.stop(line)
