import errno
import json
import logging
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.daemon import commented_json
from bus.daemon.config import BusSettings, Configuration, WebSocketSettings, names_of
from bus.errors import ConfigError
from enclosure.config import KEYS_OF_OTHERS, EnclosureSettings, load_profile, profile_names

FIELD = Path(__file__).parents[1] / "data/configurations"
"""Files as they are on devices of the field."""


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    color: int = 1
    size: int = 1


class Named(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    size: int = 1


NAMED = {"a": Named("x"), "b": Named("y")}


@dataclass(frozen=True)
class Section:
    level: int = 1
    names: tuple[str, ...] = ()
    inner: Inner | None = None
    by_name: dict[str, Named] = field(default_factory=dict)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [tmp_path / "system.conf", tmp_path / "user.conf", tmp_path / "none.conf"]


def test_later_files_then_environment_then_flags_take_precedence(files: list[Path]) -> None:
    files[0].write_text('{"own": {"level": 2, "names": ["a"]}, // the device\n "other": 1}')
    files[1].write_text('{"own": {"level": 3}}')
    assert Configuration([], {}).section("own", Section) == Section()
    assert Configuration(files, {}).section("own", Section) == Section(3, ("a",))
    environment = {"MYCROFT_OWN_LEVEL": "4", "MYCROFT_OTHER_LEVEL": "9"}
    assert Configuration(files, environment).section("own", Section, level=None) == Section(4, ("a",))
    assert Configuration(files, environment).section("own", Section, level=5) == Section(5, ("a",))


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        ({"inner": {"color": 2}}, {"inner": {"size": 3}}, Section(inner=Inner(2, 3))),
        ({"inner": {"color": 2}}, {"inner": {}}, Section(inner=Inner(2))),
        ({"inner": {"color": 2}}, {"inner": None}, Section()),
        ({"inner": None}, {"inner": {"size": 3}}, Section(inner=Inner(size=3))),
        ({"names": ["a", "b"]}, {"names": ["c"]}, Section(names=("c",))),
        ({"by_name": {"a": {"key": "x"}}}, {"by_name": {"b": {"key": "y"}}}, Section(by_name=NAMED)),
        ({"by_name": {"a": {"size": 2}}}, {"by_name": {"a": {"key": "x"}}}, Section(by_name={"a": Named("x", 2)})),
    ],
)
def test_objects_are_merged_as_the_ecosystem_does_and_all_else_is_replaced(
    earlier: object, later: object, expected: Section, files: list[Path]
) -> None:
    files[0].write_text(json.dumps({"own": earlier}))
    files[1].write_text(json.dumps({"own": later}))
    assert Configuration(files, {}).section("own", Section) == expected


def test_a_variable_is_all_of_the_value_of_its_key(files: list[Path]) -> None:
    files[0].write_text('{"own": {"inner": {"color": 2}, "by_name": {"a": {"key": "x"}}}}')
    environment = {"MYCROFT_OWN_INNER": '{"size": 3}', "MYCROFT_OWN_BY_NAME": "{}"}
    configuration = Configuration(files, environment)
    assert configuration.section("own", Section) == Section(inner=Inner(size=3))
    assert configuration.origin(("own", "inner", "size")) == "MYCROFT_OWN_INNER"
    assert configuration.origin(("own", "inner", "color")) is None
    assert configuration.origin(("own", "by_name")) == "MYCROFT_OWN_BY_NAME"


def test_each_value_has_an_origin_of_its_own(files: list[Path]) -> None:
    files[0].write_text('{"own": {"level": 1,\n"by_name": {"a.b": {"key": "x",\n"size": 2}}}}')
    files[1].write_text('{"own": {"names": ["n"],\n"by_name": {"a.b": {"key": "y"}}, "inner": {"size": 3}}}')
    configuration = Configuration(files, {"MYCROFT_OWN_NAMES": "[]"})
    section = configuration.section("own", Section, level=7)
    assert section == Section(7, inner=Inner(size=3), by_name={"a.b": Named("y", 2)})
    for names, origin in {
        "level": "flag",
        "names": "MYCROFT_OWN_NAMES",
        "inner color": None,
        "inner size": f"{files[1]}: line 2",
        "by_name a.b key": f"{files[1]}: line 2",
        "by_name a.b size": f"{files[0]}: line 3",
        "by_name c key": None,
    }.items():
        assert configuration.origin(("own", *names.split())) == origin


def test_a_value_in_an_object_that_a_later_file_has_replaced_is_a_default(files: list[Path]) -> None:
    files[0].write_text('{"own": {"inner": {"color": 2}}}')
    files[1].write_text('{"own": {"inner": null}}')
    files[2].write_text('{"own":\n{"inner": {}}}')
    configuration = Configuration(files, {})
    assert configuration.section("own", Section) == Section(inner=Inner())
    assert configuration.origin(("own", "inner", "color")) is None
    assert configuration.origin(("own", "inner")) == f"{files[2]}: line 2"


@pytest.mark.parametrize(
    ("earlier", "complaint"),
    [
        ('{"own": {"inner": {"color": "red"}}}', "line 1: own.inner.color: Expected `int`, got `str`"),
        (
            '{"own": {"by_name":\n{"a": {"size": 2}}}}',
            "line 2: own.by_name.a: Object missing required field `key`",
        ),
        (
            '{"own": {"by_name": {"a": {"key": "x"},\n"c": {"key": 5}}}}',
            "line 2: own.by_name.c.key: Expected `str`",
        ),
        ('{"own": {"by_name": {"c": {"kye": "x"}}}}', "line 1: own.by_name.c.kye: unknown key; did you mean key?"),
    ],
)
def test_an_error_in_a_file_is_one_also_where_a_later_file_has_the_same_object(
    earlier: str, complaint: str, files: list[Path]
) -> None:
    files[0].write_text(earlier)
    files[1].write_text('{"own": {"inner": {"color": 2}, "by_name": {"b": {"key": "x"}}}}')
    with pytest.raises(ConfigError) as error:
        Configuration(files, {}).section("own", Section)
    assert str(error.value).startswith(f"{files[0]}: {complaint}")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"own": {"levle": 2}}', r"user.conf: line 1: own.levle: unknown key; did you mean level\?"),
        ('{"own": {"zzz": 2}}', r"own.zzz: unknown key; there are: by_name, inner, level, names"),
        ('{"own": {"level": "high"}}', r"user.conf: line 1: own.level: Expected `int`"),
        (
            '{"own": {"inner": {"colour": 1}}}',
            r"user.conf: line 1: own.inner.colour: unknown key; did you mean color\?",
        ),
        ('{"own": 5}', "user.conf: line 1: own: expected an object"),
        ('{"own": ', "user.conf: "),
        ("[]", "user.conf: "),
    ],
)
def test_an_error_names_file_and_key(files: list[Path], content: str, complaint: str) -> None:
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
    with pytest.raises(ConfigError, match=f"user.conf: line 1: {section}.{key}: {complaint}"):
        Configuration(files, {}).section(section, kind, strict=False)


def test_an_error_in_the_environment_names_the_variable() -> None:
    with pytest.raises(ConfigError, match=r"^MYCROFT_OWN_LEVEL: Expected `int`, got `str`$"):
        Configuration([], {"MYCROFT_OWN_LEVEL": "high"}).section("own", Section)
    with pytest.raises(ConfigError, match=r"^MYCROFT_OWN_INNER.color: Expected `int`, got `str`$"):
        Configuration([], {"MYCROFT_OWN_INNER": '{"color": "red"}'}).section("own", Section)


def test_keys_of_other_programs_in_websocket_are_known_and_an_unknown_one_is_a_warning(
    files: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    files[0].write_text('{"websocket": {"port": 8282, "shared_connection": true}}')
    assert Configuration(files, {}).websocket().port == 8282
    assert caplog.messages == []
    files[1].write_text('{"websocket": {"hots": "0.0.0.0"}}')
    assert Configuration(files, {}).websocket(host="10.0.0.1") == WebSocketSettings("10.0.0.1", 8282)
    assert caplog.messages == [f"{files[1]}: line 1: websocket.hots: unknown key; did you mean host?"]


def test_a_value_of_another_program_leaves_the_key_as_it_was(
    files: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    others: dict[str, tuple[object, ...]] = {"level": (5, 6), "rate": ()}
    files[0].write_text('{"own": {"level": 2, "rate": "any"}}')
    files[1].write_text('{"own": {"level": 5}}')
    assert Configuration(files, {}).section("own", Section, others) == Section(2)
    assert caplog.messages == [f"{files[1]}: line 1: own.level: 5 is for another program"]


@pytest.mark.parametrize(
    "content", ["", "\n", "// all defaults\n# so far", "\ufeff", "\ufeff{}", "{}", '{"own": null}']
)
def test_a_file_that_sets_nothing_is_read(files: list[Path], content: str) -> None:
    files[0].write_text(content)
    assert Configuration(files, {}).section("own", Section) == Section()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b'{\n  // \xc3\xbc comment\n  "a": tru}', "line 3, column 12: JSON is malformed: invalid character"),
        (b'\xef\xbb\xbf{"a": }', "line 1, column 7: JSON is malformed: invalid character"),
        (b'{"a": /* x */ 1}', "line 1, column 7: "),
        (b'{"a": 1,}', "line 1, column 9: JSON is malformed: trailing comma in object"),
        (b'{"a":\n  {"b": 1}', "line 2, column 11: Input data was truncated"),
        (b'{"a": "\xff"}', "line 1, column 8: not UTF-8"),
        (
            b'{\n "a": "\\ud800"}',
            "line 2, column 14: JSON is malformed: unexpected end of escaped utf-16 surrogate pair",
        ),
        (b'{"a": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_syntax_error_names_line_and_column_of_the_file_as_it_is(
    files: list[Path], content: bytes, complaint: str
) -> None:
    files[1].write_bytes(content)
    with pytest.raises(ConfigError) as error:
        Configuration(files, {})
    assert str(error.value).startswith(f"{files[1]}: {complaint}")


@pytest.mark.parametrize("broken", ["folder in place of the file", "file in place of its folder", "not permitted"])
def test_a_file_that_cannot_be_read_is_passed_over(
    broken: str, files: list[Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    match broken:
        case "folder in place of the file":
            files[0].mkdir()
        case "file in place of its folder":
            (files[0].parent / "folder").touch()
            files[0] = files[0].parent / "folder" / "mycroft.conf"
        case _:
            monkeypatch.setattr(Path, "read_bytes", not_permitted)  # root may read everything
    assert Configuration(files[:1], {}).section("own", Section) == Section()
    expected = {"not permitted": "Permission denied", "folder in place of the file": "Is a directory"}
    assert (
        caplog.messages == [f"{files[0]} is not read: {expected[broken]}"]
        if broken in expected
        else not caplog.messages
    )


def not_permitted(path: Path) -> bytes:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


@pytest.mark.parametrize(
    ("section", "meant"),
    [("websockets", "websocket"), ("Bus", "bus"), ("web_socket", "websocket"), ("encolsure", "enclosure")],
)
def test_a_misspelt_section_is_reported(
    section: str, meant: str, files: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    files[0].write_text(f'{{"{section}": {{"port": 1}}, "gui_websocket": {{}}, "gui": {{}}, "hal": {{}}}}')
    Configuration(files, {})
    assert caplog.messages == [f"{files[0]}: line 1: {section}: no such section; did you mean {meant}?"]


def test_no_platform_of_ours_is_taken_for_one_of_another_program() -> None:
    assert not set(KEYS_OF_OTHERS["platform"]) & set(profile_names())


@pytest.mark.parametrize("path", sorted(FIELD.iterdir()), ids=lambda path: path.stem)
def test_configurations_of_the_field_are_understood(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    configuration = Configuration([path], {})
    assert configuration.websocket().url == "ws://127.0.0.1:8181/core"
    assert configuration.section("bus", BusSettings) == BusSettings()
    enclosure = configuration.section("enclosure", EnclosureSettings, KEYS_OF_OTHERS)
    load_profile(enclosure.platform)
    configuration.log_level(None)
    line = path.read_text().partition('"platform"')[0].count("\n") + 1
    passed_over = {"dinkum": "mycroft_mark_2", "neon": "PHAL"}.get(path.stem)
    assert caplog.messages == (
        [f"{path}: line {line}: enclosure.platform: {passed_over} is for another program"] if passed_over else []
    )


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("own", 9),
        ("own.level", 12),
        ("own.inner.color", 14),
        ("own.names[1]", 15),
        ("own.inner[...].color", 13),
        ("own.ö", 17),
        ("own.text", 18),
        ("own.more.level", 21),
        ("other.level", 6),
        ("own.objects.level", None),
        ("own.absent", None),
        ("level", None),
        ("", None),
    ],
)
def test_the_line_of_a_key_is_that_of_the_value_that_counts(key: str, line: int | None) -> None:
    raw = rb"""
// "own": {"level": 0}
{
  "own": {"level": 1},
  "other": {
    "level": 2
  },
  # the one that counts
  "own":
  {
    "objects": [{"level": 3}, {"level": 4}],
    "level" : 5,
    "inner": {
      "color": 6},
    "names": ["level",
      "own"],
    "\u00f6": 7,
    "text": "{\"level\": 8, // [[",
    "more": {
      // level
      "level": "}"
    }
  }
}"""
    commented_json.parse(raw)
    assert commented_json.line_of(raw, names_of(key)) == line


@pytest.mark.parametrize(
    ("raw", "key", "value", "expected"),
    [
        ("", "own.level", 1, '{\n  "own": {"level": 1}\n}\n'),
        ("# none", "log_level", "debug", '# none\n{\n  "log_level": "debug"\n}\n'),
        ("\ufeff{}", "log_level", "debug", '\ufeff{"log_level": "debug"}'),
        ('{"own": {"level": 1}} // x', "own.level", 2, '{"own": {"level": 2}} // x'),
        ('{"own": {"level": 1}}', "own.names", ["ü"], '{"own": {"level": 1, "names": ["ü"]}}'),
        ('{"own": null}', "own.level", 2, '{"own": {"level": 2}}'),
        ('{"own": {"a": {"level": 1}}}', "own.level", 2, '{"own": {"a": {"level": 1}, "level": 2}}'),
        ('{"own": {"level": 1}, "own": {}}', "own.level", 2, '{"own": {"level": 1}, "own": {"level": 2}}'),
        (
            '{\n  // ours\n  "own": {\n    "level": 1 // low\n    // end\n  }\n}\n',
            "own.inner.color",
            5,
            '{\n  // ours\n  "own": {\n    "level": 1, // low\n    "inner": {"color": 5}\n    // end\n  }\n}\n',
        ),
        ('{\n\t"own": {"level": [1, {}]}\n}', "bus", {}, '{\n\t"own": {"level": [1, {}]},\n\t"bus": {}\n}'),
        ('{"own": "}//"}', "bus", None, '{"own": "}//", "bus": null}'),
    ],
)
def test_a_value_is_written_and_all_else_stays(raw: str, key: str, value: object, expected: str) -> None:
    written = commented_json.with_value(raw.encode(), key, value)
    assert written.decode() == expected
    found: object = commented_json.parse(written)
    for name in key.split("."):
        assert isinstance(found, dict)
        found = found[name]
    assert found == value


@pytest.mark.parametrize("raw", ['{"own": 5}', '{"own": [{"level": 1}]}', '{"own": {"level": 5}}'])
def test_a_value_that_is_no_object_is_not_replaced_by_one(raw: str) -> None:
    with pytest.raises(ValueError, match=r"^own(\.level)? is no object$"):
        commented_json.with_value(raw.encode(), "own.level.high", 1)


_COMMENTS = st.sampled_from(["", " ", "\n", " // {\n", '# "own": [\n'])


@given(
    st.lists(_COMMENTS, min_size=20, max_size=20),
    st.sampled_from(["own.new", "own.inner.color", "new.key"]),
)
def test_comments_anywhere_are_kept(gaps: list[str], key: str) -> None:
    tokens = re.findall(r"\S+", '{ "own" : { "level" : [ 1 ] , "inner" : { "color" : 1 } } }')
    raw = "".join(f"{token}{gap}" for token, gap in zip(tokens, gaps, strict=False)).encode()
    written = commented_json.with_value(raw, key, 7)
    assert [line for gap in gaps[: len(tokens)] if (line := gap.strip()) and line.encode() not in written] == []
    expected = commented_json.parse(raw)
    *way, last = key.split(".")
    inner = expected
    for name in way:
        inner = inner.setdefault(name, {})
    inner[last] = 7
    assert commented_json.parse(written) == expected


def test_the_place_of_a_key_is_its_variable_or_the_last_file_that_has_it(files: list[Path]) -> None:
    files[0].write_text('{"own": {"inner":\n {"color": 2}, "level": 3}}')
    files[1].write_text('\ufeff{\n"own": {\n"level": 4}}')
    configuration = Configuration(files, {"MYCROFT_OWN_NAMES": "[]"})
    configuration.section("own", Section)
    place = configuration.place
    assert place("own.level") == f"{files[1]}: line 3: own.level"
    assert place("own.inner.color") == f"{files[0]}: line 2: own.inner.color"
    assert place("own.names") == "MYCROFT_OWN_NAMES"
    assert place("own.absent") == "own.absent"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('"platform": "mark_9"', "enclosure.platform: there is no mark_9; there are: auto, adafruit_"),
        ('"board": {"butons": {}}', "enclosure.board.butons: unknown key; did you mean buttons?"),
        ('"board": {"buttons": {"talk": {"gpoi": 1}}}', "enclosure.board.buttons.talk.gpoi: unknown key; did"),
        ('"board": {"driver": "wiringpi"}', "enclosure.board.driver: Invalid enum value"),
        ('"board": {"leds": {"kind": "gpio"}}', "enclosure.board: leds.gpio: kind gpio needs a line"),
    ],
)
def test_an_error_in_the_choice_of_the_board_names_file_and_line(
    files: list[Path], content: str, complaint: str
) -> None:
    files[1].write_text(f'{{"enclosure": {{\n{content}}}}}')
    configuration = Configuration(files, {})
    settings = configuration.section("enclosure", EnclosureSettings, KEYS_OF_OTHERS)
    with pytest.raises(ConfigError) as error:
        load_profile(settings.platform, settings.board, place=configuration.place)
    assert str(error.value).startswith(f"{files[1]}: line 2: {complaint}")


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ('{"a": 1} // x', '{"a": 1}     '),
        ("# ü\n{}", "    \n{}"),
        (r'{"a": "http://x#\"//"} #"', r'{"a": "http://x#\"//"}   '),
        ("\ufeff{}", "   {}"),
    ],
)
def test_comments_become_spaces_and_strings_stay(text: str, bare: str) -> None:
    assert commented_json.without_comments(text.encode()).decode() == bare


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "ws://127.0.0.1:8181/core"),
        ("0.0.0.0", "ws://127.0.0.1:8181/core"),
        ("localhost", "ws://127.0.0.1:8181/core"),
        ("::", "ws://[::1]:8181/core"),
        ("[::1]", "ws://[::1]:8181/core"),
        ("fe80::1", "ws://[fe80::1]:8181/core"),
        ("device.lan", "ws://device.lan:8181/core"),
    ],
)
def test_our_own_programs_connect_on_this_machine(host: str, url: str) -> None:
    assert WebSocketSettings(host).url == url


def test_with_tls_a_name_stays_what_the_certificate_may_have() -> None:
    assert WebSocketSettings("localhost", ssl=True).url == "wss://localhost:8181/core"


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
            r"user.conf: line 1: log_level: debgu is not a log level; did you mean debug\?",
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
