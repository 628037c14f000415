"""What the packages for a board do to it, and undo: their maintainer scripts, in a folder instead of the root."""

import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from bus.daemon import commented_json
from enclosure.config import load_profile, profile_names
from enclosure.needs import needs, report
from tests.boards import TEMPLATES, templates

DEBIAN = Path(__file__).parents[2] / "debian"
MARK_1, PICROFT = "mycroft-mark-1", "mycroft-picroft"

CONFIG = "dtparam=audio=on\n[pi4]\narm_boost=1\n"
COMMAND_LINE = "console=serial0,115200 console=tty1 root=PARTUUID=0-02 rootwait\n"
OWN_FILES = {MARK_1: "etc/modprobe.d/mycroft-mark-1.conf", PICROFT: "etc/modules-load.d/mycroft-picroft.conf"}
PLATFORM = "usr/share/mycroft-enclosure/mycroft.conf"
RIGHTS = "etc/systemd/system/mycroft-enclosure.service.d/mycroft-picroft.conf"
LAYOUTS = ("boot/firmware", "boot")
"""Since Raspberry Pi OS 12, and before."""


NEEDS = {"auto": report(None), **{name: report(load_profile(name)) for name in profile_names()}}
_CASES = "".join(f"{name}) printf %s {shlex.quote(text)} ;;\n" for name, text in NEEDS.items())
STAND_INS = {
    ". /usr/share/debconf/confmodule": "db_get() { RET=$BOARD; }; db_stop() { :; }",
    "mycroft-enclosure needs": "board_needs",
    "dpkg-trigger": ": dpkg-trigger",
}
"""What stands in for commands of the maintainer scripts that do not run here."""
FUNCTIONS = f"board_needs() {{ case $1 in\n{_CASES}\nesac; }}\n"


def carry_out(
    root: Path,
    package: str,
    script: str,
    *arguments: str,
    path: str = "",
    board: str = "detect",
    again: bool = False,
) -> str:
    """Runs a maintainer script as dpkg does, or as dpkg-reconfigure; returns what it tells the owner."""
    text = (DEBIAN / f"{package}.{script}").read_text()
    text = text.replace("#BOARD#", (DEBIAN / "boards/board.sh").read_text())
    for command, stand_in in STAND_INS.items():
        text = text.replace(command, stand_in)
    text = re.sub(r"(?<![\w/}])/(?=(boot|etc|run|var/lib|usr/share/mycroft-enclosure)\b)", f"{root}/", text)
    environment = {
        "PATH": f"{path}:/usr/bin:/bin",
        "DPKG_MAINTSCRIPT_PACKAGE": package,
        "BOARD": board,
    }
    if again:
        environment["DEBCONF_RECONFIGURE"] = "1"
    run = ("sh", "-c", FUNCTIONS + text, script, *arguments)
    return subprocess.run(run, env=environment, check=True, capture_output=True, text=True).stderr


def install(root: Path, package: str, board: str = "detect") -> str:
    return carry_out(root, package, "postinst", "configure", "", board=board)


def reconfigure(root: Path, board: str) -> str:
    return carry_out(root, PICROFT, "postinst", "configure", "0.1.0", board=board, again=True)


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


@pytest.mark.parametrize(("package", "made"), [(MARK_1, set()), (PICROFT, {PLATFORM, RIGHTS})])
def test_no_file_of_the_owner_changes_where_no_raspberry_pi_starts(
    package: str, made: set[str], tmp_path: Path
) -> None:
    assert install(tmp_path, package) == ""
    assert files(tmp_path).keys() == made
    purge(tmp_path, package)
    assert not files(tmp_path)


@pytest.mark.parametrize(
    ("package", "config", "added"),
    [
        (MARK_1, "dtoverlay=disable-bt\r\ndtoverlay=rpi-proto", ""),
        (MARK_1, "dtoverlay=pi3-miniuart-bt,krnbt=on\n#dtoverlay=proto-codec\n", "dtoverlay=proto-codec\n"),
        (MARK_1, "dtoverlay=proto-codec-2", "dtoverlay=miniuart-bt\ndtoverlay=proto-codec\n"),
        (MARK_1, "dtoverlay=miniuart-bt\ndtoverlay=proto-codec,x=1\n", ""),
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


# The board that the owner has chosen


def allowed(root: Path) -> list[str]:
    """What the unit may use."""
    lines = (root / RIGHTS).read_text().splitlines()
    return [line.removeprefix("DeviceAllow=") for line in lines if line.startswith("DeviceAllow=")]


@pytest.mark.parametrize("board", [name for name in profile_names() if name != "mycroft_mark_1"])
def test_each_board_gets_what_its_profile_needs_and_no_more(board: str, tmp_path: Path) -> None:
    before = write(tmp_path, {"boot/config.txt": CONFIG})
    install(tmp_path, PICROFT, board)
    found = needs(load_profile(board))
    after = files(tmp_path)
    added = "".join(f"{line}\n" for line in found.config_txt)
    block = f"# {PICROFT}: begin\n[all]\n{added}# {PICROFT}: end\n" if added else ""
    assert after["boot/config.txt"] == CONFIG + block
    assert allowed(tmp_path) == list(found.devices)
    assert commented_json.parse(after[PLATFORM].encode()) == {"enclosure": {"platform": board}}
    assert (OWN_FILES[PICROFT] in after) == ("dtparam=i2c_arm=on" in found.config_txt)
    purge(tmp_path, PICROFT)
    assert files(tmp_path) == before


def test_what_is_not_prepared_is_said(tmp_path: Path) -> None:
    write(tmp_path, {"boot/config.txt": CONFIG})
    assert "The sound card needs the overlay sj201" in install(tmp_path, PICROFT, "sj201_r6")


def test_a_detected_board_may_be_any(tmp_path: Path) -> None:
    install(tmp_path, PICROFT)
    assert {device.split()[0] for device in allowed(tmp_path)} > {
        "char-gpiochip",
        "char-i2c",
        "char-spi",
        "char-input",
    }
    assert '"platform": "auto"' in files(tmp_path)[PLATFORM]


def test_another_choice_takes_the_place_of_the_first(tmp_path: Path) -> None:
    before = write(tmp_path, {"boot/config.txt": "dtparam=spi=on\n"})
    install(tmp_path, PICROFT)
    first = files(tmp_path)
    assert "Restart the machine" in reconfigure(tmp_path, "respeaker_2mic")
    after = files(tmp_path)
    block = f"# {PICROFT}: begin\n[all]\ndtoverlay=wm8960-soundcard\n# {PICROFT}: end\n"
    assert after["boot/config.txt"] == f"dtparam=spi=on\n{block}"
    assert OWN_FILES[PICROFT] not in after
    assert allowed(tmp_path) == ["char-gpiochip rw", "/dev/gpiomem rw", "char-spi rw"]
    assert reconfigure(tmp_path, "respeaker_2mic") == ""
    assert files(tmp_path) == after
    reconfigure(tmp_path, "detect")
    assert files(tmp_path) == first
    reconfigure(tmp_path, "usb_respeaker_4mic")
    assert files(tmp_path)["boot/config.txt"] == before["boot/config.txt"]


def test_a_block_without_its_end_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"boot/config.txt": f"# {PICROFT}: begin\n[all]\ndtparam=spi=on\nmine=1\n"})
    before = files(tmp_path)["boot/config.txt"]
    reconfigure(tmp_path, "respeaker_2mic")
    purge(tmp_path, PICROFT)
    assert files(tmp_path)["boot/config.txt"] == before


def test_the_file_of_the_next_board_survives_the_removal(tmp_path: Path) -> None:
    """dpkg may remove a package after it has unpacked the one that takes its place."""
    install(tmp_path, PICROFT)
    (tmp_path / PLATFORM).write_bytes((DEBIAN / "boards/mark-1/mycroft.conf").read_bytes())
    carry_out(tmp_path, PICROFT, "postrm", "remove")
    assert files(tmp_path)[PLATFORM] == (DEBIAN / "boards/mark-1/mycroft.conf").read_text()
    assert RIGHTS not in files(tmp_path)


def test_the_question_offers_every_board() -> None:
    assert TEMPLATES.read_text() == templates(), "python -m tests.boards"
