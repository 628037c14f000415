"""A Debian 13 tree with our packages in it, and a repository for apt to get them from."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self
from zlib import crc32

SUITE = "trixie"

BASE_PACKAGES = (
    *("ca-certificates", "dbus", "dbus-user-session", "iproute2", "libpam-systemd", "locales", "openssh-server"),
    *("polkitd", "procps", "python3-venv", "sudo", "systemd-sysv", "systemd-timesyncd"),
)
"""What Raspberry Pi OS has, too, and the packages have to get along with."""

OWNER, STRANGER = "owner", "stranger"
OWNER_ID = 1000
"""Users of the tree: the first one, with its number, and one who may nothing."""

BOOT_FILES = {
    "config.txt": "dtparam=audio=on\n[pi4]\narm_boost=1\n",
    "cmdline.txt": "console=serial0,115200 console=tty1 root=PARTUUID=0-02 rootwait\n",
}
"""Of a Raspberry Pi, in /boot/firmware."""

REPOSITORY = "/srv/repository"
INSIDE = "/srv/inside"
SMOKE_TEST = "/srv/smoke-test"
"""Where the tree finds the repository, and the programs that run in it."""

_MAKE_REPOSITORY = Path(__file__).parents[2] / ".ci/repository"
_KEY = "mycroft image test"

_APT = ("-qq", "-o", "Acquire::Retries=3")

_HERE = Path(__file__).parent


def run(
    *command: str | Path,
    check: bool = True,
    cwd: Path | None = None,
    umask: int = -1,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a program without input, in our environment and this one; what it says is shown when it fails."""
    done = subprocess.run(
        command,
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        umask=umask,
        env={**os.environ, **(environment or {})},
    )
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed ({done.returncode}):\n{done.stdout}")
    return done


def debian_mirror() -> str | None:
    """The mirror of Debian that this machine's own apt uses; None where apt has fetched from none."""
    listed = ("apt-get", "indextargets", "--format=$(REPO_URI)", "Created-By: Packages")
    mirrors = run(*listed, "Origin: Debian", "Label: Debian").stdout.split()
    return next((mirror for mirror in mirrors if mirror.startswith(("http://", "https://"))), None)


class Repository:
    """A signed repository for apt, as a release has one. Use as a context manager: its key lives as long."""

    def __init__(self, folder: Path, debs: Iterable[Path]) -> None:
        self.folder = folder
        self._debs = debs

    def __enter__(self) -> Self:
        self._keys = tempfile.TemporaryDirectory(prefix="mycroft-image-test-")  # short: it gets a socket, too
        gpg = ("gpg", "--homedir", self._keys.name, "--batch", "--quiet")
        run(*gpg, "--passphrase", "", "--quick-generate-key", _KEY, "ed25519", "sign", "1d")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.add(self._debs)
        return self

    def __exit__(self, *_: object) -> None:
        run("gpgconf", "--homedir", self._keys.name, "--kill", "gpg-agent")
        self._keys.cleanup()

    def add(self, debs: Iterable[Path]) -> None:
        """Adds packages, and tells apt about all that are there."""
        for deb in debs:
            shutil.copy(deb, self.folder)
        run(_MAKE_REPOSITORY, self.folder, _KEY, environment={"GNUPGHOME": self._keys.name})


class Tree:
    """The tree, in a folder; everything else that it needs is kept beside it, for the next time."""

    def __init__(
        self,
        folder: Path,
        repository: Repository,
        mirror: str,
        architecture: str | None = None,
        *,
        packages: Sequence[str] = BASE_PACKAGES,
        suite: str = SUITE,
    ) -> None:
        self._mirror = mirror
        self._suite = suite
        self._architecture = architecture
        self._packages = packages
        self.root = folder / "tree"
        self._base = folder / f"base-{crc32(' '.join(packages).encode()):08x}"
        self._downloads = folder / "downloads"
        self.binds = (
            f"--bind-ro={repository.folder}:{REPOSITORY}",
            f"--bind-ro={_HERE / 'inside'}:{INSIDE}",
            f"--bind-ro={_HERE.parents[1] / 'debian/tests'}:{SMOKE_TEST}",
        )
        self._downloads.mkdir(parents=True, exist_ok=True)

    def create(self) -> None:
        """Makes the tree again, without our packages."""
        shutil.rmtree(self.root, ignore_errors=True)
        if not self._base.exists():
            options = (f"--arch={self._architecture}",) if self._architecture else ()
            run("debootstrap", "--variant=minbase", *options, self._suite, self.root, self._mirror)
            self.install(self._packages)
            self.root.rename(self._base)
        run("cp", "--archive", "--reflink=auto", self._base, self.root)
        (self.root / "etc/machine-id").write_text("")
        source = f"deb [signed-by={REPOSITORY}/mycroft.asc] file:{REPOSITORY} ./\n"
        (self.root / "etc/apt/sources.list.d/mycroft.list").write_text(source)
        boot = self.root / "boot/firmware"
        boot.mkdir()
        for name, text in BOOT_FILES.items():
            (boot / name).write_text(text)
        self.run("useradd", "--create-home", "--uid", f"{OWNER_ID}", OWNER)
        self.run("useradd", "--create-home", STRANGER)

    def install(self, packages: Sequence[str]) -> None:
        """Has apt install packages, before the tree is booted."""
        self.run("apt-get", *_APT, "update")
        self.run("apt-get", *_APT, "--yes", "--no-install-recommends", "install", *packages)

    def preseed(self, answer: str) -> None:
        """Answers a question of debconf beforehand, as the builder of an image does."""
        self.run("sh", "-c", f"echo '{answer}' | debconf-set-selections")

    def run(self, *command: str, network: bool = True) -> str:
        """Runs a program in the tree, which is not booted, with the network of this machine or one of its own."""
        reach = "--resolv-conf=copy-host" if network else "--private-network"
        options = ("--quiet", "--register=no", "--keep-unit", "--as-pid2", "--pipe", reach)
        cache = f"--bind={self._downloads}:/var/cache/apt/archives"
        environment = "--setenv=DEBIAN_FRONTEND=noninteractive"
        return run("systemd-nspawn", *options, environment, *self.binds, cache, "-D", self.root, *command).stdout
