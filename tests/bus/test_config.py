import logging
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from bus.daemon.config import BusSettings, Configuration, WebSocketSettings, without_comments
from bus.errors import ConfigError


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    color: int = 1


@dataclass(frozen=True)
class Section:
    level: int = 1
    names: tuple[str, ...] = ()
    inner: Inner | None = None


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [tmp_path / "system.conf", tmp_path / "user.conf", tmp_path / "none.conf"]


def test_later_ones_win_file_environment_flag(files: list[Path]) -> None:
    files[0].write_text('{"own": {"level": 2, "names": ["a"]}, // the device\n "other": 1}')
    files[1].write_text('{"own": {"level": 3}}')
    assert Configuration([], {}).section("own", Section) == Section()
    assert Configuration(files, {}).section("own", Section) == Section(3, ("a",))
    environment = {"MYCROFT_OWN_LEVEL": "4", "MYCROFT_OTHER_LEVEL": "9"}
    assert Configuration(files, environment).section("own", Section, level=None) == Section(4, ("a",))
    assert Configuration(files, environment).section("own", Section, level=5) == Section(5, ("a",))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"own": {"levle": 2}}', r"user.conf: own.levle: unknown key; did you mean level\?"),
        ('{"own": {"zzz": 2}}', r"own.zzz: unknown key; there are: inner, level, names"),
        ('{"own": {"level": "high"}}', r"user.conf: own.level: Expected `int`"),
        ('{"own": {"inner": {"colour": 1}}}', r"user.conf: own.inner: .*`colour`; did you mean color\?"),
        ('{"own": 5}', "user.conf: own: expected an object"),
        ('{"own": ', "user.conf: "),
        ("[]", "user.conf: "),
    ],
)
def test_what_is_wrong_names_file_and_key(files: list[Path], content: str, complaint: str) -> None:
    files[1].write_text(content)
    with pytest.raises(ConfigError, match=complaint):
        Configuration(files, {}).section("own", Section)


@pytest.mark.parametrize(
    ("section", "key", "value", "complaint"),
    [
        ("websocket", "port", "70000", "Expected `int` <= 65535"),
        ("websocket", "route", '"core"', "Expected `str` matching regex"),
        ("websocket", "max_msg_size", "0", "Expected `int` >= 1"),
        ("bus", "remote_port", "-1", "Expected `int` >= 0"),
        ("bus", "max_clients", "0", "Expected `int` >= 1"),
        ("bus", "max_queue", "-1", "Expected `int` >= 1"),
        ("bus", "max_rate", "-5", "Expected `int` >= 1"),
        ("bus", "max_header", "0", "Expected `int` >= 1"),
        ("bus", "max_unfinished", "0", "Expected `int` >= 1"),
        ("bus", "handshake_timeout", "0", "Expected `float` > 0"),
        ("bus", "ping_interval", "-1", "Expected `float` > 0"),
    ],
)
def test_a_setting_outside_its_range_is_named(
    files: list[Path], section: str, key: str, value: str, complaint: str
) -> None:
    files[1].write_text(f'{{"{section}": {{"{key}": {value}}}}}')
    kind: type = {"websocket": WebSocketSettings, "bus": BusSettings}[section]
    with pytest.raises(ConfigError, match=f"user.conf: {section}.{key}: {complaint}"):
        Configuration(files, {}).section(section, kind, strict=False)


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(ConfigError, match="MYCROFT_OWN_LEVEL"):
        Configuration([], {"MYCROFT_OWN_LEVEL": "high"}).section("own", Section)


def test_foreign_keys_of_a_shared_section_are_passed_over(files: list[Path]) -> None:
    files[0].write_text('{"websocket": {"port": 8282, "shared_connection": true}}')
    assert Configuration(files, {}).section("websocket", WebSocketSettings, strict=False).port == 8282


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ('{"a": 1} // x', '{"a": 1} '),
        ("# x\n{}", "\n{}"),
        (r'{"a": "http://x#\"//"} #"', r'{"a": "http://x#\"//"} '),
    ],
)
def test_comments_go_strings_stay(text: str, bare: str) -> None:
    assert without_comments(text) == bare


@pytest.mark.parametrize(
    ("host", "url"), [("0.0.0.0", "ws://127.0.0.1:8181/core"), ("::", "ws://[::1]:8181/core")]
)
def test_our_own_programs_connect_on_this_machine(host: str, url: str) -> None:
    assert WebSocketSettings(host).url == url


def test_the_log_level_comes_from_file_environment_and_flag(files: list[Path]) -> None:
    assert Configuration([], {}).log_level(None) == logging.INFO
    files[0].write_text('{"log_level": "DEBUG"}')
    files[1].write_text('{"log_level": "warning"}')
    assert Configuration(files[:1], {}).log_level(None) == logging.DEBUG
    assert Configuration(files, {}).log_level(None) == logging.WARNING
    assert Configuration(files, {"MYCROFT_LOG_LEVEL": "error"}).log_level(None) == logging.ERROR
    assert Configuration(files, {"MYCROFT_LOG_LEVEL": "error"}).log_level("Info") == logging.INFO


@pytest.mark.parametrize(
    ("content", "environment", "flag", "complaint"),
    [
        (
            '{"log_level": "debgu"}',
            {},
            None,
            r"user.conf: log_level: debgu is not a log level; did you mean debug\?",
        ),
        ("{}", {"MYCROFT_LOG_LEVEL": "loud"}, None, "MYCROFT_LOG_LEVEL: loud is .*; there are: debug, info, "),
        ("{}", {}, "loud", "--log-level: loud is not a log level"),
    ],
)
def test_a_wrong_log_level_names_where_it_stands(
    files: list[Path], content: str, environment: dict[str, str], flag: str | None, complaint: str
) -> None:
    files[1].write_text(content)
    with pytest.raises(ConfigError, match=complaint):
        Configuration(files, environment).log_level(flag)
