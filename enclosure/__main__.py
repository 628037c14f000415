"""The command line of the enclosure daemon: ``mycroft-enclosure``, or ``python -m enclosure``."""

import sys

from bus.daemon.first import begin, is_program

if is_program(__name__):
    begin()

import argparse
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec

from bus.daemon import log
from bus.daemon.config import Configuration, InForce
from bus.daemon.start import add_configuration_commands, add_log_level, bus_address, command_line, lean
from bus.errors import ConfigError, Exit
from bus.message import Message
from enclosure.auto import detected
from enclosure.board import Profile
from enclosure.config import (
    AUTO,
    KEYS_OF_OTHERS,
    EnclosureSettings,
    load_profile,
    load_profiles,
    own_profile_names,
    profile_names,
)
from enclosure.trial_messages import COLOURS, eyes_message, shown

EXAMPLES = """\
examples:
  mycroft-enclosure run
  mycroft-enclosure run --profile mycroft_mark_1 --serial /dev/ttyAMA0
  mycroft-enclosure run --bus ws://127.0.0.1:8181/core --serial /dev/pts/3
  sudo mycroft-enclosure detect
  mycroft-enclosure doctor
  mycroft-enclosure show "hello world"
  mycroft-enclosure show picture.png
  mycroft-enclosure eyes '#ff8800'
  mycroft-enclosure config
  sudo mycroft-enclosure report
  sudo mycroft-enclosure set enclosure.volume.max 80

exit codes: 0 done or all well, 1 failed or something to mend or to decide, 2 usage or configuration, 3 no bus
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    log.start(program=parser.prog)
    try:
        if options.command == "needs":
            return _needs(options.profile)
        if options.command in ("config", "set"):
            from bus.daemon import configure  # noqa: PLC0415  # the daemon has no use for it

            return configure.run(options, configure.Daemon("enclosure", parser, "run", _in_force))
        if options.command == "report":
            return _report(options.file)
        configuration = Configuration()
        bus_url = options.bus or configuration.websocket().url
        if options.command in ("show", "eyes"):
            return _try_out(options, bus_url)
        settings = _settings(configuration, options)
        if options.command == "detect":
            return _detect(bus_url, settings)
        log_level = configuration.log_level(options.log_level)
        platform = settings.platform
        if platform == AUTO:
            platform = detected(
                settings.port,
                bus_url if options.command == "doctor" else None,
                log_level if options.command == "run" else logging.ERROR,
                # A faceplate has no LEDs, and the end of the daemon is not to wait for it.
                faceplate=options.command != "dark",
            )
        profile = load_profile(platform, settings.board, place=configuration.place)
        boards = load_profiles() if options.command == "doctor" else {}
    except ConfigError as error:
        log.complain(str(error))
        return Exit.USAGE
    if options.command == "doctor":
        return _doctor(options, bus_url, settings, profile, platform=platform, boards=boards)
    if options.command == "dark":
        return _darken(profile)
    with lean(tls=bus_url.startswith("wss:")):
        from bus.daemon.runner import run  # noqa: PLC0415  # not before, see lean
        from enclosure.app import enclosure  # noqa: PLC0415  # the doctor is to start where a library is missing
        from enclosure.state import state_file  # noqa: PLC0415

    return run(
        lambda: enclosure(
            bus_url,
            profile,
            settings.port or profile.serial_port,
            settings.rate or profile.serial_rate,
            settings.mixer,
            volume_settings=settings.volume,
            state_path=state_file(os.environ),
        ),
        level=log_level,
    )


def _settings(configuration: Configuration, options: argparse.Namespace) -> EnclosureSettings:
    return configuration.section(
        "enclosure", EnclosureSettings, KEYS_OF_OTHERS, platform=options.profile, port=options.serial
    )


def _in_force(configuration: Configuration, options: argparse.Namespace) -> InForce:
    """The settings with what the profile says where they leave it open; raises ConfigError as the start does."""
    settings = _settings(configuration, options)
    if settings.platform == AUTO:
        return InForce({"enclosure": settings})
    profile = load_profile(settings.platform, settings.board, place=configuration.place)
    volume = settings.volume
    section = replace(
        settings,
        port=settings.port or profile.serial_port,
        rate=settings.rate or profile.serial_rate,
        volume=msgspec.structs.replace(volume, max=volume.max or profile.volume_max),
    )
    configured = {"port": settings.port, "rate": settings.rate, "volume.max": volume.max}
    of_profile = [f"enclosure.{key}" for key, value in configured.items() if not value]
    return InForce({"enclosure": section}, dict.fromkeys(of_profile, f"profile {settings.platform}"))


def _darken(profile: Profile) -> int:
    from enclosure.errors import BoardError  # noqa: PLC0415  # the other commands do without
    from enclosure.parts import lights_of  # noqa: PLC0415

    try:
        lights = lights_of(profile)
        if lights is not None:
            from enclosure.leds.lights import darken  # noqa: PLC0415  # most boards have none

            darken(lights)
    except ConfigError as error:
        log.complain(str(error))
        return Exit.USAGE
    except BoardError as error:
        log.complain(str(error.strerror))
        return Exit.FAILED
    return Exit.DONE


def _try_out(options: argparse.Namespace, bus_url: str) -> int:
    with lean(tls=bus_url.startswith("wss:")):
        from bus.daemon.runner import run  # noqa: PLC0415  # not before, see lean
        from enclosure.trial import put  # noqa: PLC0415  # the daemon does without it

    async def put_it() -> None:
        await put(bus_url, shown(options.what) if options.command == "show" else options.colour)

    return run(put_it, level=logging.WARNING)


def _needs(platform: str) -> int:
    from enclosure.needs import report  # noqa: PLC0415  # the daemon does without it

    print(report(None if platform == AUTO else load_profile(platform)), end="")
    return Exit.DONE


def _detect(bus_url: str, settings: EnclosureSettings) -> int:
    with lean(tls=bus_url.startswith("wss:")):
        from bus.daemon.runner import run  # noqa: PLC0415  # not before, see lean
        from enclosure import detect  # noqa: PLC0415  # the daemon does without it

    boards = load_profiles()

    async def identify() -> int:
        verdict, evidence = await detect.identify(boards, own_profile_names(), port=settings.port, bus_url=bus_url)
        print(detect.report(verdict, evidence))
        return Exit.DONE if verdict.platform else Exit.FAILED

    return run(identify, level=logging.ERROR)


def _doctor(
    options: argparse.Namespace,
    bus_url: str,
    settings: EnclosureSettings,
    profile: Profile,
    *,
    platform: str,
    boards: Mapping[str, Profile],
) -> int:
    with lean(tls=bus_url.startswith("wss:")):
        from bus.daemon.runner import run  # noqa: PLC0415  # not before, see lean
        from enclosure import doctor  # noqa: PLC0415  # the daemon does without it

    control = settings.volume.control
    setup = doctor.Setup(
        bus_url,
        settings.port or profile.serial_port,
        settings.rate or profile.serial_rate,
        settings.mixer,
        [control] if control else profile.mixer_controls,
        profile,
        platform,
        boards,
    )

    async def examine() -> int:
        findings = await doctor.examine(setup)
        if options.json:
            print(msgspec.json.encode(findings).decode())
        else:
            print(doctor.report(findings, colour=sys.stdout.isatty()))
        return Exit.DONE if doctor.healthy(findings) else Exit.FAILED

    return run(examine, level=logging.ERROR)  # what it would warn of is among the findings


def _report(path: Path | None) -> int:
    from enclosure import report  # noqa: PLC0415  # the daemon does without it

    path = path or Path(f"mycroft-report-{datetime.now().astimezone():%Y%m%d-%H%M%S}.txt")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(report.report())
    except OSError as error:
        log.complain(f"{path}: {error.strerror}")
        return Exit.FAILED
    print(f"{path.absolute()}: {report.CONTENTS}")
    return Exit.DONE


def _profile_name(text: str) -> str:
    if text not in (known := [AUTO, *profile_names()]):
        raise argparse.ArgumentTypeError(f"there is no {text}; there are: {', '.join(known)}")
    return text


def _colour(text: str) -> Message:
    try:
        return eyes_message(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = command_line(
        "mycroft-enclosure",
        "Turns knob, button, faceplate and sound level into bus messages, and back.",
        EXAMPLES,
    )
    kinds = f"kind of board: {AUTO}, {', '.join(profile_names())}"
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run_ = subparsers.add_parser(
        "run",
        help="run the daemon",
        description="Runs until it is stopped, and waits for a bus and a serial port that are not there yet. "
        "The unit mycroft-enclosure.service does that.",
    )
    detect = subparsers.add_parser(
        "detect",
        help="find out which board this is",
        description="Names the board, its signs, and the line for the configuration; lists all boards with these "
        "signs where there are several. Writes nothing to unknown chips. Root sees more than other users.",
    )
    doctor = subparsers.add_parser(
        "doctor",
        help="find out what is wrong",
        description="Checks the device, and prints the command that mends each fault. Changes nothing, and "
        "disturbs no running daemon.",
    )
    dark = subparsers.add_parser(
        "dark",
        help="switch the LEDs off",
        description="Switches off the LEDs that a killed daemon has left lit. The unit does that; "
        "while the daemon runs, it lights them again.",
    )
    doctor.add_argument("--json", action="store_true", help="for programs to read")
    for command in (run_, doctor):
        command.add_argument("--serial", metavar="PATH", help="serial port of the faceplate (that of the profile)")
    for command in (run_, doctor, dark):
        command.add_argument(
            "--profile",
            type=_profile_name,
            metavar="NAME",
            help=kinds,
        )
    add_log_level(run_)
    needs = subparsers.add_parser(
        "needs",
        help="what a board needs of the machine",
        description="Prints the lines of config.txt, the devices and the packages that a board needs, and what "
        "its owner should know. The package mycroft-picroft prepares the machine with it.",
    )
    needs.add_argument("profile", type=_profile_name, metavar="NAME", help=kinds)
    detect.add_argument("--serial", metavar="PATH", help="serial port of the faceplate (that of the profile)")
    detect.set_defaults(profile=None)
    dark.set_defaults(serial=None, bus=None, log_level=None)
    doctor.set_defaults(log_level=None)  # its report is its only output; the level of the daemons is verified

    add_configuration_commands(subparsers, "the section enclosure")

    report = subparsers.add_parser(
        "report",
        help="write a report for a bug tracker",
        description="Writes versions, units, the configuration, the findings of the doctor and the journal into a "
        "text file, without passwords and tokens. Root and members of the group systemd-journal see the journal.",
    )
    report.add_argument(
        "file", type=Path, nargs="?", metavar="FILE", help="a new file (mycroft-report-<time>.txt)"
    )

    show = subparsers.add_parser(
        "show", help="show a text or a picture", description="Puts a text or a picture on the mouth."
    )
    show.add_argument("what", metavar="WHAT", help='a text, or a .png or .jpg file; "" empties the mouth')
    eyes = subparsers.add_parser("eyes", help="colour the eyes", description="Colours the eyes, or switches them.")
    eyes.add_argument(
        "colour", type=_colour, metavar="COLOUR", help=f"'#rgb', '#rrggbb', {', '.join(COLOURS)}, on, off"
    )
    for command in (run_, detect, doctor, show, eyes):
        command.add_argument(
            "--bus", type=bus_address, metavar="URL", help="ws:, wss: or unix: (ws://127.0.0.1:8181/core)"
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
