"""What a factory reset wipes in a home: the list of it, and the program that does it."""

import os
import subprocess
from pathlib import Path

import pytest

from admin import plan, reference

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with all that can be wiped, and with what is to be kept."""
    home = tmp_path / "home/ann"
    for _, name in wiped():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if "." in path.name[1:]:
            path.write_text("x")
        else:
            (path / "folder").mkdir(parents=True)
            (path / "folder/file").write_text("x")
    for kept in ("file", ".config/other/file", ".cache/file", ".local/share/json_database/other.json"):
        (home / kept).parent.mkdir(parents=True, exist_ok=True)
        (home / kept).write_text("x")
    return home


def wiped() -> list[tuple[str, str]]:
    lines = [line for line in plan.WIPED.read_text().splitlines() if not line.startswith("#")]
    return [(kind, name) for kind, _, name in (line.partition(" ") for line in lines)]


def wipe(home: Path, kind: str) -> subprocess.CompletedProcess[str]:
    command = ("sh", ROOT / "admin/root/wipe", kind)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    return subprocess.run(command, env=environment, check=False, text=True, capture_output=True)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_all_kinds_together_leave_what_is_not_in_the_list(home: Path) -> None:
    for kind in ("cache", "data", "logs", "configs"):
        assert wipe(home, kind).returncode == 0
    assert files(home) == {"file", ".config/other/file", ".cache/file", ".local/share/json_database/other.json"}
    assert wipe(home, "data").returncode == 0, "there is nothing left, which is no error"


@pytest.mark.parametrize("kind", ["cache", "data", "logs", "configs"])
def test_each_kind_wipes_its_own_part(home: Path, kind: str) -> None:
    assert wipe(home, kind).returncode == 0
    for other, name in wiped():
        assert (home / name).exists() == (other != kind), name


def test_a_link_to_a_folder_elsewhere_is_not_followed_and_is_reported(home: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    (home / ".local/state").rename(victim)
    (home / ".local/state").symlink_to(victim)
    done = wipe(home, "logs")
    assert done.returncode == 1
    assert f"leads to {victim}: .local/state/mycroft is not wiped" in done.stderr
    assert files(victim) == {"mycroft/folder/file"}
    assert any("NOT wiped" in line and "state" in line for line in plan.plan(home))


def test_of_what_is_a_link_itself_only_the_link_is_wiped(home: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    (home / ".cache/mycroft").rename(victim)
    (home / ".cache/mycroft").symlink_to(victim)
    assert wipe(home, "cache").returncode == 0
    assert not (home / ".cache/mycroft").is_symlink()
    assert files(victim) == {"folder/file"}


def test_without_a_home_nothing_is_wiped() -> None:
    assert wipe(Path("/nonexistent"), "cache").returncode != 0
    command = ("sh", ROOT / "admin/root/wipe", "cache")
    assert subprocess.run(command, env={"PATH": os.environ["PATH"]}, check=False, capture_output=True).returncode


def test_the_plan_names_each_path_and_says_which_are_there(home: Path) -> None:
    lines = list(plan.plan(home))
    assert [line for line in lines if line.endswith(":")] == [
        *(f"wipe_{kind}:" for kind in ("cache", "data", "logs", "configs")),
        "wipe_configs, too:",
    ]
    for _, name in wiped():
        assert f"  {home / name}" in lines
    wipe(home, "cache")
    assert f"  {home}/.cache/mycroft (there is none)" in list(plan.plan(home))
    assert "no user with the number 1000" in next(plan.plan(None))


def test_the_page_of_the_actions_is_generated_from_the_list() -> None:
    """If this fails: python -m admin.reference > docs/admin.md."""
    assert (ROOT / "docs/admin.md").read_text() == reference.render()
