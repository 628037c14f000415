"""What the packages for a board do to it, and undo: their maintainer scripts, in a folder instead of the root."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

DEBIAN = Path(__file__).parents[2] / "debian"
MARK_1, PICROFT = "mycroft-mark-1", "mycroft-picroft"

CONFIG = "dtparam=audio=on\n[pi4]\narm_boost=1\n"
COMMAND_LINE = "console=serial0,115200 console=tty1 root=PARTUUID=0-02 rootwait\n"
OWN_FILES = {MARK_1: "etc/modprobe.d/mycroft-mark-1.conf", PICROFT: "etc/modules-load.d/mycroft-picroft.conf"}
LAYOUTS = ("boot/firmware", "boot")
"""Since Raspberry Pi OS 12, and before."""


def carry_out(root: Path, package: str, script: str, *arguments: str, path: str = "") -> str:
    """Runs a maintainer script as dpkg does; returns what it tells the owner."""
    text = (DEBIAN / f"{package}.{script}").read_text()
    text = text.replace("#BOARD#", (DEBIAN / "boards/board.sh").read_text())
    text = re.sub(r"(?<![\w/}])/(?=(boot|etc|run|var/lib)\b)", f"{root}/", text)
    environment = {"PATH": f"{path}:/usr/bin:/bin", "DPKG_MAINTSCRIPT_PACKAGE": package}
    command = ("sh", "-c", text, script, *arguments)
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stderr


def install(root: Path, package: str) -> str:
    return carry_out(root, package, "postinst", "configure", "")


def purge(root: Path, package: str) -> None:
    for step in ("remove", "purge"):
        assert not carry_out(root, package, "postrm", step)


def files(root: Path) -> dict[str, str]:
    """All that there are."""
    return {str(path.relative_to(root)): path.read_bytes().decode() for path in root.rglob("*") if path.is_file()}


def write(root: Path, texts: Mapping[str, str]) -> dict[str, str]:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return files(root)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("package", "added", "command_line"),
    [
        (MARK_1, "dtoverlay=miniuart-bt\ndtoverlay=proto-codec\n", "console=tty1 root=PARTUUID=0-02 rootwait\n"),
        (PICROFT, "dtparam=i2c_arm=on\ndtparam=spi=on\n", COMMAND_LINE),
    ],
)
def test_a_board_is_prepared_once_and_restored(
    layout: str, package: str, added: str, command_line: str, tmp_path: Path
) -> None:
    before = write(
        tmp_path,
        {"boot/config.txt": "it has moved", f"{layout}/config.txt": CONFIG, f"{layout}/cmdline.txt": COMMAND_LINE},
    )
    assert "Restart the machine to apply it" in install(tmp_path, package)
    after = files(tmp_path)
    marked = f"# {package}: begin\n[all]\n{added}# {package}: end\n"
    assert after[f"{layout}/config.txt"] == CONFIG + marked
    assert after[f"{layout}/cmdline.txt"] == command_line
    assert OWN_FILES[package] in after
    assert install(tmp_path, package) == ""
    assert carry_out(tmp_path, package, "postinst", "configure", "0.1.0") == ""
    assert files(tmp_path) == after
    purge(tmp_path, package)
    assert files(tmp_path) == before


@pytest.mark.parametrize("package", [MARK_1, PICROFT])
def test_nothing_is_done_where_no_raspberry_pi_starts(package: str, tmp_path: Path) -> None:
    assert install(tmp_path, package) == ""
    assert not files(tmp_path)
    purge(tmp_path, package)


@pytest.mark.parametrize(
    ("package", "config", "added"),
    [
        (MARK_1, "dtoverlay=disable-bt\r\ndtoverlay=rpi-proto", ""),
        (MARK_1, "dtoverlay=pi3-miniuart-bt,krnbt=on\n#dtoverlay=proto-codec\n", "dtoverlay=proto-codec\n"),
        (MARK_1, "dtoverlay=proto-codec-2", "dtoverlay=miniuart-bt\ndtoverlay=proto-codec\n"),
        (PICROFT, "dtparam=i2c1=on,i2c=on\ndtparam=spi=off\n", ""),
        (PICROFT, "dtparam=i2c_arm_baudrate=400000\ndtparam=spi", "dtparam=i2c_arm=on\n"),
    ],
)
def test_what_the_owner_has_is_not_added(package: str, config: str, added: str, tmp_path: Path) -> None:
    write(tmp_path, {"boot/config.txt": config})
    install(tmp_path, package)
    now = (tmp_path / "boot/config.txt").read_bytes().decode()
    block = f"# {package}: begin\n[all]\n{added}# {package}: end\n" if added else ""
    assert now in (config + block, f"{config}\n{block}")
    purge(tmp_path, package)
    assert (tmp_path / "boot/config.txt").read_bytes().decode().rstrip("\n") == config.rstrip("\n")


@pytest.mark.parametrize(
    ("before", "without", "restored"),
    [
        (
            "a console=ttyAMA0,9600 b console=serial0,115200",
            "a b ",
            "console=ttyAMA0,9600 console=serial0,115200 a b ",
        ),
        ("console=serial0 console=ttyAMA0\n", "\n", "console=serial0 console=ttyAMA0 \n"),
        ("console=serial0,1/2&3\\4$HOME a\n", "a\n", "console=serial0,1/2&3\\4$HOME a\n"),
        (
            "console=serial0,115200  console=tty1\r\n",
            "console=tty1\r\n",
            "console=serial0,115200 console=tty1\r\n",
        ),
        ("netconsole=ttyAMA0,x console=ttyAMA01 a", None, None),
        ("console=tty1", None, None),
    ],
)
def test_the_consoles_come_back(before: str, without: str | None, restored: str | None, tmp_path: Path) -> None:
    write(tmp_path, {"boot/config.txt": "", "boot/cmdline.txt": before})
    install(tmp_path, MARK_1)
    assert files(tmp_path)["boot/cmdline.txt"] == (before if without is None else without)
    purge(tmp_path, MARK_1)
    assert files(tmp_path)["boot/cmdline.txt"] == (before if restored is None else restored)


@pytest.mark.parametrize("step", ["postinst", "postrm"])
def test_a_file_is_whole_at_every_moment(step: str, tmp_path: Path) -> None:
    """config.txt and cmdline.txt are the old ones or the new ones, on the disk as well."""
    before = write(tmp_path, {"boot/config.txt": CONFIG, "boot/cmdline.txt": COMMAND_LINE})
    if step == "postrm":
        install(tmp_path, MARK_1)
        before = files(tmp_path)
    trace = tmp_path / "trace"
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("mv", "sync"):
        script = f'#!/bin/sh\necho {tool} "$@" >> {trace}\n/bin/{tool} "$@"\n'
        (tools / tool).write_text(script)
        (tools / tool).chmod(0o755)
    carry_out(tmp_path, MARK_1, step, *(("configure", "") if step == "postinst" else ("purge",)), path=str(tools))
    done = [line.replace(f"{tmp_path}/", "") for line in trace.read_text().splitlines()]
    for name in ("boot/config.txt", "boot/cmdline.txt"):
        first = done.index(f"sync {name}.new")
        assert done[first : first + 3] == [f"sync {name}.new", f"mv {name}.new {name}", "sync boot"]
        assert files(tmp_path)[name] != before[name]
    assert not list(tmp_path.rglob("*.new"))


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    before = write(tmp_path, {"boot/config.txt": CONFIG, "boot/cmdline.txt": COMMAND_LINE})
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sync").write_text("#!/bin/sh\nexit 1\n")
    (tools / "sync").chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError):
        carry_out(tmp_path, MARK_1, "postinst", "configure", "", path=str(tools))
    after = files(tmp_path)
    assert {name: after[name] for name in before} == before
    assert not list(tmp_path.rglob("*.new"))


def test_what_the_owner_changes_later_stays(tmp_path: Path) -> None:
    write(tmp_path, {"boot/config.txt": CONFIG, "boot/cmdline.txt": COMMAND_LINE})
    install(tmp_path, MARK_1)
    after = files(tmp_path)
    (tmp_path / "boot/cmdline.txt").write_text(COMMAND_LINE)
    (tmp_path / "boot/config.txt").write_text(after["boot/config.txt"].replace("# mycroft-mark-1: end", "mine=1"))
    kept = (tmp_path / "boot/config.txt").read_text()
    purge(tmp_path, MARK_1)
    assert files(tmp_path) == {"boot/config.txt": kept, "boot/cmdline.txt": COMMAND_LINE}
