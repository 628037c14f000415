"""Each fault that the doctor finds: how a device is broken, what the doctor says, and what mends it.

One row is tried in two places. `test_doctor.py` breaks the files and answers of a simulated device (`simulated`).
`make image-test` breaks the installed one on a booted Debian 13 (`broken`), reads the same finding, types the mend
as it is printed, and finds the device healthy again. Both examine as root and as an ordinary user.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.enclosure.doctor.world import World  # needs the test's packages; the image test has none

START_BUS = "sudo systemctl enable --now mycroft-bus.socket mycroft-bus.service"
STOP_BUS = "systemctl disable --now mycroft-bus.socket mycroft-bus.service"
AS_ROOT = "sudo mycroft-enclosure doctor"

SILENT_CONTAINER = "a container has no device tree, and its ports are pseudo terminals"
WARNED = "an ordinary user is warned of such a file before the findings, which the image test then cannot parse"
NO_LINES = "a container has no GPIO chip and no I2C bus; see tests/vm/boards/check_doctor.py"


class Seen(NamedTuple):
    """What the doctor says to an ordinary user, where that sees less than root."""

    verdict: str
    found: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Texts of the finding are parts of it; {root}, {port} and {pid} stand for what differs."""

    what: str
    name: str
    """Of the finding."""
    verdict: str
    found: str
    mend: str
    broken: tuple[str, ...]
    """Shell commands that break a booted device, as root; empty where it cannot be broken there."""
    simulated: Callable[["World"], object]
    """Breaks the simulated one."""
    by_user: Seen | None = None
    hands: str = ""
    """What the owner's hands do, as a command, where the mend is none."""
    not_booted: str = ""
    """Why it cannot be broken on a booted device."""
    board: str = "mycroft_mark_1"


_on_lines = partial(Fault, board="sj201_r6", broken=(), not_booted=NO_LINES)
"""A fault of a board with lines and buses."""

_PORT = (
    Fault(
        "the board's port missing",
        *("serial port", "fail", "ttyAMA0 is not there", "sudo reboot"),
        broken=(),
        simulated=lambda world: world.unplug(),
        not_booted=SILENT_CONTAINER,
    ),
    Fault(
        "another port missing",
        *("serial port", "fail", "is not there", "plug the face in, or name its port as enclosure.port"),
        broken=("systemctl stop faceplate.service",),
        simulated=lambda world: world.configure_port("/dev/ttyUSB9"),
        hands="systemctl start faceplate.service",
    ),
    Fault(
        "a port that its group may not use",
        *("serial port", "fail", "mycroft may not use", "sudo chmod 660 {port}"),
        broken=("chown root:dialout {port}", "chmod 600 {port}"),
        simulated=lambda world: world.port.chmod(0o600),
    ),
    Fault(
        "a port as a login prompt leaves it",
        *("serial port", "fail", "mycroft may not use", "sudo chown root:dialout {port} && sudo chmod 660 {port}"),
        broken=("chown root:tty {port}", "chmod 620 {port}"),
        simulated=lambda world: world.give_files_to("tty"),
    ),
    Fault(
        "a port of another group",
        *(
            "serial port",
            "fail",
            "mycroft may not use",
            "sudo usermod -aG faces mycroft && sudo systemctl restart",
        ),
        broken=("groupadd --force faces", "chown root:faces {port}", "chmod 660 {port}"),
        simulated=lambda world: world.give_files_to("faces"),
    ),
    Fault(
        "a login prompt on the port",
        *("serial port", "fail", "is in use by ", "sudo systemctl disable --now container-getty@"),
        broken=(
            "touch /run/faceplate-lenient; systemctl restart faceplate.service",
            "timeout 20 sh -c 'until test -e {port}; do sleep 0.1; done'",
            "systemctl enable --now container-getty@$(basename $(readlink -f {port})).service",
        ),
        simulated=lambda world: world.takes_port(
            "/sbin/agetty -o -p pts/1", "/system.slice/system-getty.slice/container-getty@1.service", mode=0o600
        ),
        by_user=Seen("fail", "mycroft may not use", "sudo chmod 660 {port}"),
    ),
    Fault(
        "another program on the port",
        *("serial port", "fail", "is in use by sleep (process ", "sudo systemctl disable --now terminal.service"),
        broken=("systemctl start terminal",),
        simulated=lambda world: world.takes_port("sleep infinity", "/system.slice/terminal.service"),
        by_user=Seen("ok"),
    ),
    Fault(
        "a program of a login session on the port",
        *("serial port", "fail", "is in use by minicom (process ", "sudo kill 78"),
        broken=(),
        simulated=lambda world: world.takes_port("minicom -D x", "/user.slice/session-1.scope"),
        by_user=Seen("ok"),
        not_booted="the one above, without a unit to stop",
    ),
)

_BOOT_FILES = (
    Fault(
        "a console on the port",
        *("serial console", "fail", "has console=serial0,115200: a login prompt talks to the face"),
        "{root}/boot/firmware/cmdline.txt && sudo reboot",
        broken=("sed -i 's/^/console=serial0,115200 console=ttyAMA0 /' /boot/firmware/cmdline.txt",),
        simulated=lambda world: world.write("boot/firmware/cmdline.txt", "console=serial0,115200 quiet"),
    ),
    Fault(
        "the overlay for the port missing",
        *("serial overlay", "fail", "has no dtoverlay=miniuart-bt"),
        r"printf '\n[all]\ndtoverlay=miniuart-bt\n' | sudo tee -a {root}/boot/firmware/config.txt && sudo reboot",
        broken=("sed -i /miniuart-bt/d /boot/firmware/config.txt",),
        simulated=lambda world: world.write("boot/firmware/config.txt", "dtoverlay=proto-codec\n"),
    ),
    Fault(
        "the overlay for the sound board missing",
        *("sound overlay", "fail", "has no dtoverlay=proto-codec"),
        r"printf '\n[all]\ndtoverlay=proto-codec\n' | sudo tee -a {root}/boot/firmware/config.txt && sudo reboot",
        broken=("sed -i /proto-codec/d /boot/firmware/config.txt",),
        simulated=lambda world: world.write("boot/firmware/config.txt", "dtoverlay=miniuart-bt\n"),
    ),
    Fault(
        "the port switched off",
        *("serial overlay", "fail", "has enable_uart=0: there is no serial port"),
        r"sudo sed -i -E '/^\s*enable_uart=0\b/d' {root}/boot/firmware/config.txt && sudo reboot",
        broken=("echo ' enable_uart=0 # saves power' >> /boot/firmware/config.txt",),
        simulated=lambda world: world.write("boot/firmware/config.txt", " enable_uart=0\n"),
    ),
)

_FACE_AND_SOUND = (
    Fault(
        "a face that does not answer",
        *("faceplate", "fail", "it does not answer on the serial port", "switch the device off at the plug"),
        broken=(),
        simulated=lambda world: world.answers_version(None),
        not_booted="what is behind the port always answers there, or the port is missing",
    ),
    Fault(
        "an old firmware",
        *("faceplate", "warn", "firmware 1.3.8 answers", "write that firmware to the face; see its section"),
        broken=("echo 1.3.8 > /run/faceplate-version", "systemctl restart faceplate.service"),
        simulated=lambda world: world.answers_version("1.3.8"),
        hands="rm /run/faceplate-version; systemctl restart faceplate.service",
    ),
    Fault(
        "a muted device",
        *("mixer", "warn", "it is muted", "mycroft-bus send mycroft.volume.unmute"),
        broken=("mycroft-bus send mycroft.volume.mute",),
        simulated=lambda world: world.answers_volume(0.5, muted=True),
    ),
    Fault(
        "a device at level 0",
        *("mixer", "warn", "its level is 0", "mycroft-bus send mycroft.volume.set"),
        broken=("""mycroft-bus send mycroft.volume.set '{"percent": 0}'""",),
        simulated=lambda world: world.answers_volume(0.0, muted=False),
    ),
    Fault(
        "no sound card",
        *("mixer", "fail", "mixer of default: ", "name a card of `aplay -l` as enclosure.mixer"),
        broken=("rm /etc/asound.conf", "systemctl restart mycroft-enclosure.service"),
        simulated=lambda world: world.answers_no_volume(card=False),
        by_user=Seen("skip", "not checked: ", AS_ROOT),
        hands="ln -s /run/sound/asound.conf /etc/asound.conf; systemctl restart mycroft-enclosure.service",
    ),
    Fault(
        "an enclosure that has found no mixer",
        *(
            "volume",
            "fail",
            "does not answer mycroft.volume.get",
            "sudo systemctl restart mycroft-enclosure.service",
        ),
        broken=(
            "mv /etc/asound.conf /etc/asound.later; systemctl restart mycroft-enclosure.service",
            # It has looked for one, and libasound reads its configuration once.
            "until journalctl _PID=$(systemctl show -P MainPID mycroft-enclosure) | grep mixer; do sleep 1; done",
            "mv /etc/asound.later /etc/asound.conf",
        ),
        simulated=lambda world: world.answers_no_volume(card=True),
    ),
)

_USERS_AND_FILES = (
    Fault(
        "a login user with the name of a service user",
        *("service users", "fail", "mycroft (uid 1500) is a login user"),
        "sudo usermod --login mycroft-login mycroft && sudo groupmod --new-name mycroft-login mycroft && ",
        broken=(
            "systemctl stop mycroft-bus.socket mycroft-bus.service mycroft-enclosure.service faceplate sound",
            "usermod --uid 1500 mycroft",
            "systemctl start mycroft-bus.socket mycroft-bus.service mycroft-enclosure.service",
        ),
        simulated=lambda world: world.uids.update(mycroft=1500),
    ),
    Fault(
        "a missing group",
        *("groups", "fail", "mycroft is not in audio"),
        "sudo usermod -aG audio mycroft && sudo systemctl restart mycroft-enclosure.service",
        broken=("gpasswd --delete mycroft audio",),
        simulated=lambda world: world.leave_group("audio"),
    ),
    Fault(
        "a configuration that root alone may read",
        *(
            "configuration",
            "fail",
            "mycroft may not read {root}/etc/mycroft/mycroft.conf",
            "sudo chmod a+rX {root}/etc/",
        ),
        broken=(),
        not_booted=WARNED,
        simulated=lambda world: world.close_configuration("mycroft.conf"),
    ),
    Fault(
        "a folder of the configuration that root alone may open",
        *(
            "configuration",
            "fail",
            "mycroft may not read {root}/etc/mycroft: ",
            "sudo chmod a+rX {root}/etc/mycroft ",
        ),
        broken=(),
        not_booted=WARNED,
        simulated=lambda world: world.close_configuration(""),
    ),
    Fault(
        "a state folder of another user",
        *("state folder", "fail", "mycroft may not write in", "sudo systemctl restart mycroft-enclosure.service"),
        broken=("chown root:root /var/lib/mycroft-enclosure",),
        simulated=lambda world: world.state.chmod(0o755),
    ),
    Fault(
        "a state folder that may not be written",
        *("state folder", "fail", "mycroft may not write in", "sudo systemctl restart mycroft-enclosure.service"),
        broken=("chmod 500 /var/lib/mycroft-enclosure",),
        simulated=lambda world: world.state.chmod(0o500),
    ),
    Fault(
        "a file in place of the state folder",
        *(
            "state folder",
            "fail",
            "is no folder",
            "sudo rm {root}/var/lib/mycroft-enclosure && sudo systemctl restart",
        ),
        broken=(
            "rm -r /var/lib/mycroft-enclosure",
            "ln -s /nowhere /var/lib/mycroft-enclosure",
        ),
        simulated=lambda world: world.state_is_dead_link(),
    ),
    Fault(
        "a full disk",
        *(
            "state folder",
            "fail",
            "there is no room left for",
            "sudo apt-get clean && sudo journalctl --vacuum-size=",
        ),
        broken=(),
        simulated=lambda world: world.fill_disk(),
        not_booted="the disk is the host's",
    ),
)

_BUS = (
    Fault(
        "a stopped bus",
        *("bus", "fail", "there is no bus at ws://127.0.0.1:8181/core", START_BUS),
        broken=(STOP_BUS,),
        simulated=lambda world: world.down("mycroft-bus.socket", "mycroft-bus.service", bus=False),
    ),
    Fault(
        "a bus that does not answer",
        *("bus", "fail", "mycroft-bus.service does not answer", "sudo systemctl restart mycroft-bus.service"),
        broken=("systemctl kill --signal=STOP mycroft-bus.service",),
        simulated=lambda world: world.down(bus=False),
    ),
    Fault(
        "another program on the port of the bus",
        *("bus", "fail", ") has the port of ws://127.0.0.1:8181/core, and is no bus"),
        f"sudo systemctl disable --now web.service && {START_BUS}",
        broken=(STOP_BUS, "systemctl start web"),
        simulated=lambda world: world.takes_bus_port(
            "/usr/bin/python3 -m http.server", "/system.slice/web.service"
        ),
        by_user=Seen("fail", "only root can see which", AS_ROOT),
    ),
    Fault(
        "another socket unit on the port of the bus",
        *("bus", "fail", "other.socket has the port of ws://127.0.0.1:8181/core"),
        f"sudo systemctl disable --now other.socket && {START_BUS}",
        broken=(STOP_BUS, "systemctl start other.socket"),
        simulated=lambda world: world.takes_bus_port("/sbin/init", "/init.scope", pid=1),
        by_user=Seen("fail", "only root can see which", AS_ROOT),
    ),
    Fault(
        "the bus of the system's OVOS",
        *("bus", "warn", "mycroft-admin refuses to serve it"),
        f"sudo systemctl disable --now ovos-messagebus.service && {START_BUS}",
        broken=(STOP_BUS, "systemctl start ovos-messagebus"),
        simulated=lambda world: world.other_bus("/system.slice/ovos-messagebus.service"),
        by_user=Seen("warn", "the bus of another program", AS_ROOT),
    ),
    Fault(
        "the bus of a user's OVOS",
        *("bus", "warn", "mycroft-admin refuses to serve it"),
        f"sudo systemctl --user --machine=owner@.host disable --now ovos-messagebus.service && {START_BUS}",
        broken=(STOP_BUS, "systemctl --user --machine=owner@.host start ovos-messagebus.service"),
        simulated=lambda world: world.other_bus(
            "/user.slice/user-1000.slice/user@1000.service/app.slice/ovos-messagebus.service"
        ),
        by_user=Seen("warn", "the bus of another program", AS_ROOT),
    ),
)

_PROGRAMS = (
    Fault(
        "a stopped enclosure",
        *("enclosure", "fail", "it does not run", "sudo systemctl enable --now mycroft-enclosure.service"),
        broken=("systemctl disable --now mycroft-enclosure.service",),
        simulated=lambda world: world.no_enclosure(),
    ),
    Fault(
        "a second enclosure",
        *("enclosure", "fail", "2 programs do its work; besides the unit's: mycroft-enclosure (process "),
        "sudo systemctl disable --now second-enclosure.service",
        broken=("systemctl start second-enclosure",),
        simulated=lambda world: world.second("enclosure", "/system.slice/second-enclosure.service"),
    ),
    Fault(
        "a second enclosure, which owns the volume as well",
        *("volume", "fail", "a turn of the knob counts 2 times"),
        "sudo systemctl disable --now second-enclosure.service",
        broken=("systemctl start second-enclosure",),
        simulated=lambda world: world.second("enclosure", "/system.slice/second-enclosure.service"),
    ),
    Fault(
        "a stopped admin",
        *("admin", "fail", "it does not run", "sudo systemctl enable --now mycroft-admin.service"),
        broken=("systemctl disable --now mycroft-admin.service",),
        simulated=lambda world: world.no_admin(),
    ),
    Fault(
        "a second admin",
        *("admin", "fail", "2 programs do its work; besides the unit's: mycroft-admin (process "),
        "sudo systemctl disable --now second-admin.service",
        broken=("systemctl start second-admin",),
        simulated=lambda world: world.second("admin", "/system.slice/second-admin.service"),
    ),
    Fault(
        "a second admin in a login session",
        *(
            "admin",
            "fail",
            "2 programs do its work; besides the unit's: mycroft-admin (process 4711)",
            "sudo kill 4711",
        ),
        broken=(),
        simulated=lambda world: world.second("admin", "/user.slice/user-1000.slice/session-3.scope"),
        not_booted="the one above, without a unit to stop",
    ),
    Fault(
        "a clock that is not set",
        *("clock", "warn", "not been set from the network", "sudo timedatectl set-ntp true"),
        broken=(),
        simulated=lambda world: setattr(world, "synchronized", "no"),
        not_booted="a container's clock is its host's",
    ),
)


def _installs(*plugins: str) -> tuple[str, ...]:
    """Installs plugins where the owner has OVOS, and starts it."""
    python, program = "/home/owner/.venvs/ovos/bin/python3", "/srv/inside/ovos_PHAL.py"
    return (
        f"runuser -u owner -- {python} {program} --install {' '.join(plugins)}",
        "systemctl --user --machine=owner@.host restart ovos-phal.service",
        # Until it has loaded them.
        "timeout 20 sh -c 'until mycroft-bus send mycroft.PHAL.is_ready --wait --timeout 1; do sleep 0.1; done'",
    )


def _uninstall(plugin: str) -> str:
    return (
        f"sudo -u owner /home/owner/.venvs/ovos/bin/python3 -m pip uninstall --yes {plugin} && "
        "sudo systemctl --user --machine=owner@.host restart ovos-phal.service"
    )


_NOT_LOOKED_AT = Seen("skip", "not checked: ", AS_ROOT)

_PLUGINS = (
    Fault(
        "OVOS' plugin for the Mark 1",
        *("OVOS plugins", "fail", "ovos-phal-plugin-mk1: each drives hardware that the enclosure drives, too"),
        _uninstall("ovos-phal-plugin-mk1"),
        broken=_installs("ovos-PHAL-plugin-mk1"),
        simulated=lambda world: world.installs("ovos_PHAL_plugin_mk1"),
        by_user=Seen("fail", "OVOS' plugin for the Mark 1 runs, too", AS_ROOT),
    ),
    Fault(
        "OVOS' plugin for the volume",
        *("volume", "fail", "a turn of the knob counts 2 times; ovos-phal-plugin-alsa is one"),
        _uninstall("ovos-phal-plugin-alsa"),
        broken=_installs("ovos-PHAL-plugin-alsa"),
        simulated=lambda world: world.installs("ovos_PHAL_plugin_alsa"),
        by_user=Seen("fail", "a turn of the knob counts 2 times", AS_ROOT),
    ),
    Fault(
        "OVOS' plugin for the system",
        *("admin", "fail", "2 programs do its work; OVOS' plugin for the system is one"),
        _uninstall("ovos-phal-plugin-system"),
        broken=_installs("ovos-PHAL-plugin-system"),
        simulated=lambda world: world.installs("ovos_PHAL_plugin_system"),
        by_user=Seen("fail", "2 programs do its work", AS_ROOT),
    ),
    _on_lines(
        "OVOS' plugin for hotkeys beside buttons",
        *("OVOS plugins", "fail", "ovos-phal-plugin-hotkeys: each drives hardware", "pip uninstall --yes"),
        simulated=lambda world: world.installs("ovos_PHAL_plugin_hotkeys"),
        by_user=_NOT_LOOKED_AT,
    ),
    _on_lines(
        "Neon's plugins for the Mark II",
        *("OVOS plugins", "fail", "neon-phal-plugin-linear-led, neon-phal-plugin-switches: each drives"),
        "pip uninstall --yes neon-phal-plugin-linear-led neon-phal-plugin-switches && ",
        simulated=lambda world: world.installs("neon_phal_plugin_switches", "neon_phal_plugin_linear_led"),
        by_user=_NOT_LOOKED_AT,
    ),
    _on_lines(
        "OVOS' plugin for the Mark II",
        *("OVOS plugins", "fail", "ovos-phal-plugin-mk2: each drives hardware", "pip uninstall --yes"),
        simulated=lambda world: world.installs("ovos_PHAL_plugin_mk2"),
        by_user=_NOT_LOOKED_AT,
    ),
)

_BOARD = (
    _on_lines(
        "another board than the configured one",
        *("kind of board", "warn", "this is sj201_r10 or sj201_r6 (sound card sj201), and it is"),
        "name it as enclosure.platform in /etc/mycroft/mycroft.conf: sj201_r10 or sj201_r6",
        simulated=lambda world: world.write("sys/class/sound/card0/id", "sj201\n"),
        board="respeaker_2mic",
    ),
    _on_lines(
        "no GPIO chip",
        *(
            "GPIO lines",
            "fail",
            "no GPIO chip pinctrl-bcm2835",
            "use the profile on a Raspberry Pi, or name another one as enclosure.platform",
        ),
        simulated=lambda world: world.gpio.pull_out(),
    ),
    _on_lines(
        "a GPIO line of another program",
        *("GPIO lines", "fail", "GPIO24 (buttons.action.gpio) is taken by other-buttons: buttons.py (process "),
        "sudo systemctl disable --now buttons.service",
        simulated=lambda world: world.takes_line(24, "other-buttons"),
        by_user=Seen("fail", "is taken by other-buttons; only root can see which program", AS_ROOT),
    ),
    _on_lines(
        "a GPIO line of an overlay",
        *("GPIO lines", "fail", "GPIO24 (buttons.action.gpio) is taken by button@18, and by no program"),
        "take the overlay that gives it to the kernel out of config.txt",
        simulated=lambda world: world.gpio.take(24, "button@18"),
        by_user=Seen("fail", "is taken by button@18; only root can see which program", AS_ROOT),
    ),
    _on_lines(
        "a GPIO chip that the daemon may not open",
        *("GPIO lines", "fail", "mycroft may not use {root}/gpiochip0", "sudo chmod 660 {root}/gpiochip0"),
        simulated=lambda world: (world.root / "gpiochip0").chmod(0o600),
    ),
    _on_lines(
        "I2C not enabled in config.txt",
        *("I2C", "fail", "there is no I2C bus 1: {root}/boot/firmware/config.txt has no dtparam=i2c_arm=on"),
        r"printf '\n[all]\ndtparam=i2c_arm=on\n' | sudo tee -a {root}/boot/firmware/config.txt && "
        "echo i2c-dev | sudo tee /etc/modules-load.d/i2c-dev.conf && sudo reboot",
        simulated=lambda world: (world.root / "dev/i2c-1").unlink(),
    ),
    _on_lines(
        "I2C enabled, and no restart since",
        *("I2C", "fail", "config.txt has dtparam=i2c_arm=on: the machine has not started with it"),
        "echo i2c-dev | sudo tee /etc/modules-load.d/i2c-dev.conf && sudo reboot",
        simulated=lambda world: world.enable_i2c_at_next_start(),
    ),
    _on_lines(
        "SPI not enabled in config.txt",
        *("SPI", "fail", "there is no /dev/spidev0.0: {root}/boot/firmware/config.txt has no dtparam=spi=on"),
        r"printf '\n[all]\ndtparam=spi=on\n' | sudo tee -a {root}/boot/firmware/config.txt && sudo reboot",
        simulated=lambda world: (world.root / "dev/spidev0.0").unlink(),
        board="respeaker_2mic",
    ),
    _on_lines(
        "an I2C chip that does not answer",
        *("I2C", "fail", "amplifier: address 0x2f of I2C bus 1 does not answer", "seat the board again"),
        simulated=lambda world: world.i2c.chips.pop((1, 0x2F)),
    ),
    _on_lines(
        "an I2C chip of the kernel",
        *("I2C", "fail", "amplifier: address 0x2f of I2C bus 1 belongs to the kernel's driver tas5805m"),
        "take the overlay that gives it to the kernel out of config.txt",
        simulated=lambda world: world.kernel_has_chip(1, 0x2F, "tas5805m"),
    ),
    _on_lines(
        "a missing group of the board",
        *("groups", "fail", "mycroft is not in i2c"),
        "sudo usermod -aG i2c mycroft && sudo systemctl restart mycroft-enclosure.service",
        simulated=lambda world: world.leave_group("i2c"),
    ),
)

FAULTS = (
    *_PORT,
    *_BOOT_FILES,
    *_FACE_AND_SOUND,
    *_USERS_AND_FILES,
    *_BUS,
    *_PROGRAMS,
    *_PLUGINS,
    *_BOARD,
)
