"""The contract: every message type that our code sends, handles or guards.

Programs: "bus", "enclosure" and "admin" belong to this project. "core" is the intent service and skill manager,
"listener" detects the wake word and records, "audio" speaks and plays, "plugins" are OVOS' hardware plugins.
Abbreviations of sources: `bus.contract.topic.SOURCES`. Types that only others use: `bus.contract.foreign`.
All of them by name: `bus.contract.lookup`. The daemons load this module only.
"""

from functools import partial

from bus.contract.topic import Family, Field, Registry, Topic

_registry = Registry()
_topic = _registry.adding(Topic)


SENDER = "bus_sender"
"""The key of the context under which the bus names the sender of a message of a `WITH_SENDER` type.

The value is {"uid", "pid", "process"}. The uid comes from the kernel; pid and process name are hints, or null. No
client can set it: the bus drops this key from every message that a client sends.
"""


def _byte(name: str) -> Field:
    return Field(name, int, 255, 0, 255)


_OFFSETS = (
    Field("xOffset", int, 0, -32, 32, "from the left", "pixels"),
    Field("yOffset", int, 0, -8, 8, "from the top", "pixels"),
)
_CLEAR_PREV = Field(
    "clearPrev",
    bool,
    True,
    meaning="false: it covers only its own cells of the text, picture or weather there; scrolling text is cleared",
)
_PLAY_SOUND = Field("play_sound", bool, True, meaning="whether a short sound is played at the new volume")
_SPEAK_MESSAGE = Field("speak_message", bool, True, meaning="whether the skill may announce it")


def _display(default: bool) -> Field:
    return Field("display", bool, default, meaning="whether the screen may show it")


def _status(service: str, handled_by: str, source: str) -> tuple[Topic, Topic, Topic, Topic, Topic, Topic]:
    """The six messages that ask a service for its state, and answer."""
    topic = partial(_topic, family=Family.LIFECYCLE, source=source)
    alive, ready, loaded = (f"mycroft.{service}.{what}" for what in ("is_alive", "is_ready", "all_loaded"))
    status = (Field("status", bool),)
    return (
        topic(alive, f"Asks whether {service} runs.", handled_by=handled_by, replies=(f"{alive}.response",)),
        topic(f"{alive}.response", f"Whether {service} runs.", status, emitted_by=handled_by),
        topic(ready, f"Asks whether {service} is ready.", handled_by=handled_by, replies=(f"{ready}.response",)),
        topic(f"{ready}.response", f"Whether {service} is ready.", status, emitted_by=handled_by),
        topic(
            loaded,
            f"Asks whether all of {service} is loaded.",
            handled_by=handled_by,
            replies=(f"{loaded}.response",),
        ),
        topic(f"{loaded}.response", f"Whether all of {service} is loaded.", status, emitted_by=handled_by),
    )


# The bus itself.

_bus = partial(_topic, family=Family.BUS, source="ours", emitted_by="bus")

CONNECTED = _bus("connected", "The greeting of the bus to a new client.", source="mc ovos")
REJECTED = _bus(
    "bus.message.rejected",
    "An invalid frame was not relayed; only its sender receives this.",
    (Field("reason", str),),
)
DENIED = _bus(
    "bus.message.denied",
    "A message was not relayed because its sender may not send it; only the sender receives this.",
    (Field("type", str, meaning="the type that was denied"), Field("reason", str)),
)
SUBSCRIBE = _bus(
    "bus.subscribe",
    "Limits this client to the types that match; a client without a subscription gets everything. Not relayed.",
    (Field("patterns", list, meaning="texts such as enclosure.*"),),
    emitted_by="any program",
    handled_by="bus",
    replies=("bus.subscribe.response", "bus.subscribe.failed"),
)
SUBSCRIBE_RESPONSE = _bus(
    "bus.subscribe.response",
    "The subscription is in effect; only the client that asked receives it.",
    (Field("patterns", list, meaning="as they were given"),),
)
SUBSCRIBE_FAILED = _bus(
    "bus.subscribe.failed",
    "The subscription was refused and is unchanged; only the client that asked receives it.",
    (Field("error", str),),
)
STATUS = _bus(
    "bus.status",
    "Asks for the state of the bus. Not relayed.",
    emitted_by="any program",
    handled_by="bus",
    replies=("bus.status.response",),
)
STATUS_RESPONSE = _bus(
    "bus.status.response",
    "The state of the bus; only the client that asked receives it.",
    (
        Field("version", str, meaning="of the bus"),
        Field("clients", list, meaning="one object for each; an observer receives only its own"),
        Field("counters", dict, meaning="since the start"),
        Field("memory", int, low=0, unit="bytes"),
    ),
)

# Eyes. Pixels 0 to 11 are the right eye, 12 to 23 the left.

_eyes = partial(_topic, family=Family.EYES, emitted_by="skills", handled_by="enclosure")

EYES_ON = _eyes("enclosure.eyes.on", "Lights the eyes.")
EYES_OFF = _eyes("enclosure.eyes.off", "Switches the eyes off.")
EYES_COLOR = _eyes("enclosure.eyes.color", "Sets the colour of both eyes.", (_byte("r"), _byte("g"), _byte("b")))
EYES_LEVEL = _eyes("enclosure.eyes.level", "Sets the brightness of the eyes.", (Field("level", int, 30, 0, 30),))
EYES_RESET = _eyes("enclosure.eyes.reset", "Shows both eyes open, in the colour that was set.")
EYES_VOLUME = _eyes(
    "enclosure.eyes.volume", "Shows a level on the eyes for 3 s.", (Field("volume", int, 4, 0, 11),)
)
EYES_BLINK = _eyes(
    "enclosure.eyes.blink",
    "Blinks.",
    (Field("side", str, "b", meaning="right, left or both", choices=("r", "l", "b")),),
)
EYES_NARROW = _eyes("enclosure.eyes.narrow", "Narrows the eyes.")
EYES_WIDEN = _eyes("enclosure.eyes.widen", "Opens narrowed eyes again.", source="ours")
EYES_LOOK = _eyes(
    "enclosure.eyes.look",
    "Looks to a side.",
    (Field("side", str, meaning="right, left, up, down or crossed", choices=("r", "l", "u", "d", "c")),),
)
EYES_UNLOOK = _eyes("enclosure.eyes.unlook", "Looks straight ahead again.", source="ours")
EYES_SETPIXEL = _eyes(
    "enclosure.eyes.setpixel",
    "Sets the colour of one pixel.",
    (Field("idx", int, 0, 0, 23, "0 to 11 right, 12 to 23 left"), _byte("r"), _byte("g"), _byte("b")),
)
EYES_FILL = _eyes(
    "enclosure.eyes.fill",
    "Fills the eyes like a gauge, the right one first.",
    (Field("percentage", float, low=0, high=100, unit="%"),),
)
EYES_SPIN = _eyes("enclosure.eyes.spin", "Spins the eyes until something else is shown.")
EYES_TIMEDSPIN = _eyes(
    "enclosure.eyes.timedspin",
    "Spins the eyes for a time.",
    (Field("length", int, 5000, 0, 32767, "the limit of the firmware", "ms"),),
)
EYES_RGB_GET = _eyes(
    "enclosure.eyes.rgb.get",
    "Asks for the colours that the eyes show.",
    source="opm",
    replies=("enclosure.eyes.rgb",),
)
EYES_RGB = _eyes(
    "enclosure.eyes.rgb",
    "The colours that the eyes show.",
    (Field("pixels", list, meaning="24 times [r, g, b], each 0..255"),),
    source="opm",
    emitted_by="enclosure",
    handled_by="skills",
)

# Mouth, 32 pixels wide and 8 high.

_mouth = partial(_topic, family=Family.MOUTH, emitted_by="skills", handled_by="enclosure")

MOUTH_RESET = _mouth(
    "enclosure.mouth.reset",
    "Clears the mouth, and ends the mouth shapes of a sentence; the note that is seen while music plays stays.",
)
MOUTH_TALK = _mouth("enclosure.mouth.talk", "Shows a talking mouth.")
MOUTH_LISTEN = _mouth("enclosure.mouth.listen", "Shows a listening mouth.")
MOUTH_THINK = _mouth("enclosure.mouth.think", "Shows a thinking mouth.")
MOUTH_SMILE = _mouth("enclosure.mouth.smile", "Shows a smile.")
MOUTH_TEXT = _mouth(
    "enclosure.mouth.text",
    "Shows a text; a long one scrolls.",
    (Field("text", str, ""), Field("repeat", bool, True, meaning="false: it is cleared after it was shown once")),
)
MOUTH_VISEME = _mouth(
    "enclosure.mouth.viseme",
    "Shows the mouth shape of a sound.",
    (Field("code", object, meaning="0 to 6 as a text or a number; 4 is a closed mouth"),),
    source="opm",
)
MOUTH_VISEME_LIST = _mouth(
    "enclosure.mouth.viseme_list",
    "Shows the mouth shapes of a whole sentence, each until its time, then clears the mouth.",
    (
        Field(
            "start", float, low=0, meaning="the start of the sentence, since 1970; at most 60 s ahead", unit="s"
        ),
        Field("visemes", list, meaning="[code, end] each, the end in s after start; other entries are left out"),
    ),
    emitted_by="audio",
)
MOUTH_DISPLAY = _mouth(
    "enclosure.mouth.display",
    "Shows a picture.",
    (
        Field("img_code", str, meaning="width, height, then two nibbles for each column, each as 'A' + value"),
        *_OFFSETS,
        _CLEAR_PREV,
    ),
)
MOUTH_DISPLAY_IMAGE = _mouth(
    "enclosure.mouth.display_image",
    "Shows a picture, PNG or JPEG, from a file or from the message itself.",
    (
        Field("img_path", str, None),
        Field("img_b64", str, None, meaning="the picture in base64, instead of a path"),
        *_OFFSETS,
        Field("invert", bool, False),
        _CLEAR_PREV,
        Field("threshold", int, 70, 0, 255, "a darker pixel is lit; transparent ones count as white"),
    ),
)
MOUTH_EVENTS_ACTIVATE = _mouth("enclosure.mouth.events.activate", "Shows speech and listening on the mouth.")
MOUTH_EVENTS_DEACTIVATE = _mouth(
    "enclosure.mouth.events.deactivate", "Does not show speech and listening on the mouth."
)
MOUTH_PIXELS_GET = _mouth(
    "enclosure.mouth.pixels.get",
    "Asks for what skills and the assistant show on the mouth.",
    source="ours",
    replies=("enclosure.mouth.pixels",),
)
MOUTH_PIXELS = _mouth(
    "enclosure.mouth.pixels",
    "What skills and the assistant show on the mouth, without questions and notices, which may name a password.",
    (
        Field(
            "rows", list, meaning="8 texts of 32 characters, the uppermost first: # is a lit pixel, . a dark one"
        ),
    ),
    source="ours",
    emitted_by="enclosure",
    handled_by="any program",
)
WEATHER_DISPLAY = _mouth(
    "enclosure.weather.display",
    "Shows a weather picture and a temperature.",
    (
        Field("img_code", int, low=0, high=7, meaning="0 sunny to 7 windy"),
        Field("temp", object, meaning="degrees, -99 to 999, as a number or a text such as 21 or 21°"),
    ),
)
DISPLAY_DATE = _mouth("ovos.mk1.display_date", "Shows a date.", (Field("text", str),), source="mk1")
DISPLAY_TIME = _mouth(
    "ovos.mk1.display_time", "Shows a time.", (Field("text", str, meaning="such as 12:34"),), source="mk1"
)

# Faceplate as a whole.

_device = partial(_topic, family=Family.DEVICE, emitted_by="skills", handled_by="enclosure")

ENCLOSURE_RESET = _device("enclosure.reset", "Resets eyes and mouth.")
FACEPLATE_RESET = _device("enclosure.system.reset", "Restarts the faceplate.")
FACEPLATE_MUTE = _device("enclosure.system.mute", "Switches the amplifier off.")
FACEPLATE_UNMUTE = _device("enclosure.system.unmute", "Switches the amplifier on.")
FACEPLATE_BLINK = _device(
    "enclosure.system.blink",
    "Blinks the light of the faceplate's board, which ignores commands meanwhile.",
    (Field("times", int, 1, 1, 10, "each takes a second"),),
)
MARK1_DEMO = _device(
    "mycroft.mark1.demo",
    "The user has chosen DEMO in the menu of the faceplate.",
    emitted_by="enclosure",
    handled_by="skills",
)
NO_INTERNET = _device(
    "enclosure.notify.no_internet",
    "Shows that there is no internet.",
    source="doc mc",
    emitted_by="admin, plugins, skills",
)
ENCLOSURE_STARTED = _device(
    "enclosure.started",
    "The faceplate has answered for the first time.",
    emitted_by="enclosure",
    handled_by="core",
)
FACEPLATE_STATE = _device(
    "enclosure.faceplate.state",
    "The state of the link to the faceplate; sent when it changes, and after each connection to the bus.",
    (
        Field("state", str, choices=("unplugged", "silent", "connected")),
        Field("firmware", str, None, meaning="its version, once it is known"),
    ),
    source="ours",
    emitted_by="enclosure",
    handled_by="any program",
)
FIRMWARE_VERSION_GET = _device(
    "enclosure.firmware.version.get",
    "Asks for the version of the faceplate's firmware.",
    source="mk1",
    emitted_by="any program",
    replies=("enclosure.firmware.version",),
)
FIRMWARE_VERSION = _device(
    "enclosure.firmware.version",
    "The version of the faceplate's firmware.",
    (
        Field("version", str, None, meaning="such as 1.4.2; none while it is unknown"),
        # The plugin was seen to send true; the web page of OVOS compares it with `version`. A text satisfies both.
        Field("supported", str, meaning="the newest version that this project knows"),
    ),
    source="mk1",
    emitted_by="enclosure",
    handled_by="any program",
)
FIRMWARE_UPDATE = _device(
    "enclosure.firmware.update",
    "Writes another firmware to the faceplate.",
    (Field("tag", str, None, meaning="its release; without one the newest"),),
    source="mk1",
    emitted_by="any program",
    handled_by="admin",
    planned="admin",
    privileged=True,
    replies=tuple(f"enclosure.firmware.update.{what}" for what in ("progress", "complete", "failed")),
)
_firmware_report = partial(_device, source="mk1", emitted_by="admin", handled_by="any program", planned="admin")
FIRMWARE_PROGRESS = _firmware_report(
    "enclosure.firmware.update.progress",
    "The progress of the firmware update.",
    (Field("step", str), Field("log", str, "")),
)
FIRMWARE_COMPLETE = _firmware_report(
    "enclosure.firmware.update.complete", "The firmware update is done.", (Field("version", str),)
)
FIRMWARE_FAILED = _firmware_report(
    "enclosure.firmware.update.failed", "The firmware update has failed.", (Field("error", str),)
)

# Volume. 1.0 is the highest level that the board is meant for.

_volume = partial(_topic, family=Family.VOLUME, source="alsa vol", handled_by="enclosure")
_PERCENT = "0..1; from 2 on a percentage up to 100, as some clients send it"

VOLUME_GET = _volume("mycroft.volume.get", "Asks for the volume.", replies=("mycroft.volume.get.response",))
VOLUME_RESPONSE = _volume(
    "mycroft.volume.get.response",
    "The audible volume; an answer, and sent after every change.",
    (Field("percent", float, low=0, high=1), Field("muted", bool)),
    emitted_by="enclosure",
    handled_by="any program",
)
VOLUME_GET_SLIDING_PANEL = _volume(
    "mycroft.volume.get.sliding.panel", "Asks for the volume.", source="pulse", replies=(VOLUME_RESPONSE.name,)
)

_change = partial(_volume, source="doc alsa vol", replies=(VOLUME_RESPONSE.name,))

VOLUME_SET = _change(
    "mycroft.volume.set",
    "Sets the volume, and unmutes.",
    (Field("percent", float, None, 0, 100, f"{_PERCENT}; without it nothing changes"), _PLAY_SOUND),
    source="alsa vol",
    unread=(Field("no_osd", bool, False, meaning="keeps it off the Mark II's screen"),),
)
VOLUME_SET_GUI = _change(
    "mycroft.volume.set.gui",
    "Sets the volume, and unmutes. A slider on a screen sends many; one answer may serve several.",
    (Field("percent", float, None, 0, 100, f"{_PERCENT}; without it nothing changes"), _PLAY_SOUND),
    source="pulse",
)
VOLUME_INCREASE = _change(
    "mycroft.volume.increase",
    "Turns the volume up. In a session other than default it reports a knob that has done so.",
    (Field("percent", float, 0.1, 0, 100, _PERCENT), _PLAY_SOUND),
)
VOLUME_DECREASE = _change(
    "mycroft.volume.decrease",
    "Turns the volume down. In a session other than default it reports a knob that has done so.",
    (Field("percent", float, 0.1, 0, 100, _PERCENT), _PLAY_SOUND),
)
VOLUME_MUTE = _change("mycroft.volume.mute", "Mutes; the level is kept.", unread=(_SPEAK_MESSAGE,))
VOLUME_UNMUTE = _change(
    "mycroft.volume.unmute", "Unmutes, at the level before the mute.", unread=(_SPEAK_MESSAGE,)
)
VOLUME_MUTE_TOGGLE = _change("mycroft.volume.mute.toggle", "Mutes or unmutes.", source="alsa pulse")
VOLUME_DUCK = _change(
    "mycroft.volume.duck",
    "Lowers the volume until an unduck from the same context.source, or a turn of the knob outside a recording.",
    source="vol",
)
VOLUME_UNDUCK = _change(
    "mycroft.volume.unduck",
    "Restores the volume, also where it was changed since the duck.",
    source="vol",
)

# Listening and speaking.

_voice = partial(_topic, family=Family.VOICE, source="doc mc odl")

SPEAK = _voice(
    "speak",
    "Says a text.",
    (
        Field("utterance", str),
        Field("lang", str, None, meaning="such as en-us; without one the device's own"),
        Field("expect_response", bool, False, meaning="whether to listen for an answer afterwards"),
        Field("meta", dict, None, meaning="the skill and dialog that it is from"),
    ),
    alias="ovos.utterance.speak",
    handled_by="audio",
)
WAKE_WORD = _voice(
    "recognizer_loop:wakeword",
    "The wake word was detected.",
    (
        Field("utterance", str, meaning="the wake word; empty where the satellite does not say which"),
        Field("session", str, None, meaning="of mycroft-core; OVOS has it in the context"),
    ),
    emitted_by="listener",
)
RECORD_BEGIN = _voice(
    "recognizer_loop:record_begin",
    "The listener starts to record.",
    alias="ovos.listener.record.started",
    emitted_by="listener",
)
RECORD_END = _voice(
    "recognizer_loop:record_end",
    "The recording has ended.",
    alias="ovos.listener.record.ended",
    emitted_by="listener",
)
_speech = partial(_voice, emitted_by="audio", handled_by="admin, enclosure, listener, plugins")
AUDIO_OUTPUT_START = _speech(
    "recognizer_loop:audio_output_start", "Speech starts.", alias="ovos.audio.output.started"
)
AUDIO_OUTPUT_END = _speech(
    "recognizer_loop:audio_output_end", "Speech has ended.", alias="ovos.audio.output.ended"
)
UTTERANCE = _voice(
    "recognizer_loop:utterance",
    "An utterance of the user.",
    source="doc mc ovos",
    alias="ovos.utterance.handle",
    emitted_by="listener, text clients",
    handled_by="core, enclosure",
    unread=(
        Field("utterances", list, meaning="the possible transcriptions, the most likely first"),
        Field("lang", str, None, meaning="such as en-us"),
        Field("session", str, None, meaning="of mycroft-core; OVOS has it in the context"),
    ),
)
_answered = partial(_voice, handled_by="enclosure")
UTTERANCE_HANDLED = _answered(
    "ovos.utterance.handled", "The assistant has handled an utterance.", source="ovos", emitted_by="core"
)
INTENT_HANDLED = _answered(
    "mycroft.skill.handler.complete",
    "A skill has handled an intent.",
    family=Family.SKILLS,
    source="doc mc",
    emitted_by="skills",
    more="the handler",
)
INTENT_UNMATCHED = _answered(
    "complete_intent_failure",
    "No intent and no fallback matches.",
    family=Family.INTENTS,
    source="doc mc",
    alias="ovos.intent.unmatched",
    emitted_by="core",
    more="the utterance",
)
RECOGNITION_UNKNOWN = _voice(
    "recognizer_loop:speech.recognition.unknown",
    "The utterance was not understood.",
    source="mc odl",
    emitted_by="listener",
    handled_by="audio, enclosure",
)
SLEEP = _voice(
    "recognizer_loop:sleep",
    "Ignores everything but the wake-up phrase.",
    alias="ovos.listener.sleep",
    handled_by="listener, enclosure",
)
WAKE_UP = _voice("recognizer_loop:wake_up", "Ends the sleep.", handled_by="listener, enclosure")
AWOKEN = _voice("mycroft.awoken", "The sleep has ended.", alias="ovos.listener.awoken", handled_by="enclosure")
STOP = _voice("mycroft.stop", "Stops speech, playback and listening.", alias="ovos.stop")
_mic = partial(_voice, handled_by="listener")
MIC_LISTEN = _mic("mycroft.mic.listen", "Starts to listen, as after the wake word.", alias="ovos.mic.listen")
_mic_mute = partial(_mic, handled_by="listener, enclosure")
MIC_MUTE = _mic_mute("mycroft.mic.mute", "Mutes the microphone, for the wake word too.")
MIC_UNMUTE = _mic_mute("mycroft.mic.unmute", "Unmutes the microphone.")
MIC_MUTE_TOGGLE = _mic_mute("mycroft.mic.mute.toggle", "Mutes or unmutes the microphone.", source="odl")
MIC_GET_STATUS = _mic(
    "mycroft.mic.get_status",
    "Asks whether the microphone is muted.",
    source="mc odl",
    replies=("mycroft.mic.get_status.response",),
)
MIC_STATUS_RESPONSE = _voice(
    "mycroft.mic.get_status.response",
    "Whether the microphone is muted.",
    (Field("muted", bool),),
    source="mc odl",
    emitted_by="listener",
)
PLAY_SOUND = _voice(
    "mycroft.audio.play_sound",
    "Plays a short sound at once.",
    (
        Field("uri", str, None, meaning="a file, relative to the resources of core"),
        Field("force_unmute", bool, False, meaning="whether a muted device plays it"),
        Field("binary_data", str, None, meaning="the sound in hex, instead of a file"),
        Field("audio_ext", str, None, meaning="the format of binary_data, such as wav"),
    ),
    source="ovos mc",
    alias="ovos.audio.play_sound",
    handled_by="audio",
    replies=("mycroft.audio.play_sound.response",),
)

# Start, readiness and connectivity.

_lifecycle = partial(_topic, family=Family.LIFECYCLE, source="mc ovos", emitted_by="core", handled_by="enclosure")

(
    ENCLOSURE_IS_ALIVE,
    ENCLOSURE_ALIVE,
    ENCLOSURE_IS_READY,
    ENCLOSURE_READY,
    ENCLOSURE_ALL_LOADED,
    ENCLOSURE_LOADED,
) = _status("enclosure", "enclosure", source="ours")
ADMIN_IS_ALIVE, ADMIN_ALIVE, ADMIN_IS_READY, ADMIN_READY, ADMIN_ALL_LOADED, ADMIN_LOADED = _status(
    "admin", "admin", source="ours"
)
SKILLS_IS_ALIVE, SKILLS_ALIVE, SKILLS_IS_READY, SKILLS_READY, SKILLS_ALL_LOADED, SKILLS_LOADED = _status(
    "skills", "core", source="mc ovos"
)
AUDIO_IS_ALIVE, AUDIO_ALIVE, AUDIO_IS_READY, AUDIO_READY, AUDIO_ALL_LOADED, AUDIO_LOADED = _status(
    "audio", "audio", source="mc ovos"
)
VOICE_IS_ALIVE, VOICE_ALIVE, VOICE_IS_READY, VOICE_READY, VOICE_ALL_LOADED, VOICE_LOADED = _status(
    "voice", "listener", source="odl"
)
SPEECH_IS_ALIVE, SPEECH_ALIVE, SPEECH_IS_READY, SPEECH_READY, SPEECH_ALL_LOADED, SPEECH_LOADED = _status(
    "speech", "listener", source="mc"
)
READY = _lifecycle("mycroft.ready", "Everything is loaded.", emitted_by="core, skills")
_connectivity = partial(_lifecycle, source="phal", emitted_by="admin, plugins", handled_by="core, plugins")
_STATE = Field("state", str, choices=("connected", "disconnected"))
INTERNET_CONNECTED = _connectivity(
    "mycroft.internet.connected",
    "The internet can be reached now.",
    source="doc mc ovos",
    emitted_by="admin, core, plugins",
    handled_by="any program",
)
INTERNET_DISCONNECTED = _connectivity("mycroft.internet.disconnected", "The internet cannot be reached any more.")
INTERNET_STATE = _connectivity("mycroft.internet.state", "Whether the internet can be reached.", (_STATE,))
NETWORK_CONNECTED = _connectivity(
    "mycroft.network.connected",
    "The device is in a network now.",
    source="ovos phal",
    emitted_by="admin, core, plugins",
)
NETWORK_DISCONNECTED = _connectivity("mycroft.network.disconnected", "The device is in no network.")
NETWORK_STATE = _connectivity("mycroft.network.state", "Whether the device is in a network.", (_STATE,))
INTERNET_CHECK = _lifecycle(
    "ovos.PHAL.internet_check",
    "Asks for the connection of the device.",
    source="phal",
    emitted_by="core",
    handled_by="admin, plugins",
    replies=("ovos.PHAL.internet_check.response",),
)
INTERNET_CHECK_RESPONSE = _lifecycle(
    "ovos.PHAL.internet_check.response",
    "The connection of the device.",
    (Field("internet_connected", bool), Field("network_connected", bool)),
    source="phal",
    emitted_by="admin, plugins",
    handled_by="core",
)
CLOCK_SYNCED = _lifecycle(
    "system.clock.synced",
    "The clock is correct now; schedulers read it again.",
    (_display(False),),
    source="sys",
    emitted_by="admin",
    handled_by="core, gui",
)
CONFIGURATION_PATCH = _topic(
    "configuration.patch",
    "Changes the configuration until the next start.",
    (Field("config", dict),),
    family=Family.LIFECYCLE,
)

# Administration. An acknowledgement that OVOS does not have is ours, in the future tense.

_admin = partial(_topic, family=Family.ADMIN, source="doc sys adm", handled_by="admin", privileged=True)
_admin_report = partial(_topic, family=Family.ADMIN, source="sys", emitted_by="admin")

REBOOT = _admin(
    "system.reboot",
    "Restarts the machine.",
    handled_by="admin, enclosure",
    replies=("system.reboot.start",),
    unread=(_display(True),),
)
REBOOT_START = _admin_report("system.reboot.start", "The machine is about to restart.", unread=(_display(True),))
SHUTDOWN = _admin(
    "system.shutdown",
    "Switches the machine off.",
    handled_by="admin, enclosure",
    replies=("system.shutdown.start",),
    unread=(_display(True),),
)
SHUTDOWN_START = _admin_report(
    "system.shutdown.start", "The machine is about to switch off.", unread=(_display(True),)
)
SSH_ENABLE = _admin(
    "system.ssh.enable",
    "Enables ssh, now and after a restart.",
    alias="mycroft.enable.ssh",
    replies=("system.ssh.enabling", "system.ssh.enabled"),
)
SSH_ENABLING = _admin_report("system.ssh.enabling", "ssh is about to be enabled.", source="ours")
SSH_ENABLED = _admin_report("system.ssh.enabled", "ssh is enabled.")
SSH_DISABLE = _admin(
    "system.ssh.disable",
    "Disables ssh, now and after a restart.",
    alias="mycroft.disable.ssh",
    replies=("system.ssh.disabling", "system.ssh.disabled"),
)
SSH_DISABLING = _admin_report("system.ssh.disabling", "ssh is about to be disabled.", source="ours")
SSH_DISABLED = _admin_report("system.ssh.disabled", "ssh is disabled.")
SSH_STATUS = _admin(
    "system.ssh.status",
    "Asks whether ssh is enabled.",
    source="sys",
    replies=("system.ssh.status.response",),
    privileged=False,  # it changes nothing, settings pages ask it, and any program can try the port instead
)
SSH_STATUS_RESPONSE = _admin_report(
    "system.ssh.status.response", "Whether ssh is enabled.", (Field("enabled", bool),)
)
NTP_SYNC = _admin(
    "system.ntp.sync",
    "Sets the clock from the network.",
    source="doc adm",
    replies=("system.ntp.syncing", "system.ntp.sync.complete", "system.clock.synced"),
)
NTP_SYNCING = _admin_report("system.ntp.syncing", "The clock is about to be set.", source="ours")
NTP_COMPLETE = _admin_report("system.ntp.sync.complete", "The clock is set.", source="adm")
UPDATE = _admin(
    "system.update",
    "Updates the packages of this project. A further request is acknowledged like the first.",
    source="doc adm",
    replies=("system.update.processing", "system.update.progress", "system.update.complete"),
    unread=(
        Field("paired", bool, None, meaning="whether the device is paired"),
        Field("platform", str, None, meaning="such as mycroft_mark_1; it does not choose what is updated"),
    ),
)
UPDATE_PROCESSING = _admin_report(
    "system.update.processing",
    "The update has begun; mycroft-core then waits up to 1000 s for its end.",
    (Field("processing", bool, True),),
    source="adm",
)
UPDATE_PROGRESS = _admin_report(
    "system.update.progress",
    "The step that a running update is at.",
    (
        Field("step", str, meaning="prepare, wait (for another installation), download or install"),
        Field("percent", int, None, 0, 100, "of this step", "%"),
    ),
    source="ours",
    handled_by="enclosure",
)
UPDATE_COMPLETE = _admin_report(
    "system.update.complete",
    "The update has ended; after a failure, too.",
    (Field("has_updated", bool, meaning="whether anything was updated"),),
    source="adm",
)
FACTORY_RESET = _admin(
    "system.factory.reset",
    "Resets the device to its state on delivery. The user has to confirm it on the device, unless it comes from "
    "there.",
    (
        Field("wipe_cache", bool, True),
        Field("wipe_data", bool, True),
        Field("wipe_logs", bool, True),
        Field("wipe_configs", bool, True, meaning="also known networks, and the keys of ssh, which is disabled"),
        Field(
            "reset_hardware",
            bool,
            True,
            meaning="whether plugins reset their hardware, see system.factory.reset.phal",
        ),
        Field("reboot", bool, True, meaning="whether the machine restarts afterwards"),
    ),
    source="sys",
    replies=("system.factory.reset.start", "system.factory.reset.complete", "system.reboot.start"),
    unread=(Field("script", bool, True, meaning="whether OVOS' own reset script runs; this project runs none"),),
)
FACTORY_RESET_CONFIRM = _admin(
    "system.factory.reset.confirm",
    "Asks the user on the face whether the device is to be reset.",
    source="ours",
    emitted_by="admin",
    handled_by="enclosure",
    replies=tuple(f"system.factory.reset.{what}" for what in ("confirming", "confirmed", "declined")),
)
_answer_of_face = partial(_admin, source="ours", emitted_by="enclosure", handled_by="admin")
FACTORY_RESET_CONFIRMING = _answer_of_face("system.factory.reset.confirming", "The face shows the question.")
FACTORY_RESET_CONFIRMED = _answer_of_face("system.factory.reset.confirmed", "The user has answered with yes.")
FACTORY_RESET_DECLINED = _answer_of_face(
    "system.factory.reset.declined", "The user has answered with no, or not at all."
)
FACTORY_RESET_START = _admin_report("system.factory.reset.start", "The factory reset has begun.")
FACTORY_RESET_COMPLETE = _admin_report("system.factory.reset.complete", "The factory reset is done.")
FACTORY_RESET_PING = _admin_report(
    "system.factory.reset.ping",
    "Asks for programs that have hardware to reset.",
    handled_by="enclosure, plugins",
    replies=("system.factory.reset.register",),
)
FACTORY_RESET_REGISTER = _admin_report(
    "system.factory.reset.register",
    "The sender has hardware to reset.",
    (Field("skill_id", str),),
    emitted_by="enclosure, plugins",
    handled_by="admin",
)
FACTORY_RESET_PHAL = _admin(
    "system.factory.reset.phal",
    "Resets the hardware of all programs that have registered.",
    source="sys",
    emitted_by="admin",
    handled_by="enclosure, plugins",
    replies=("system.factory.reset.phal.complete",),
)
FACTORY_RESET_PHAL_COMPLETE = _admin_report(
    "system.factory.reset.phal.complete",
    "The sender has reset its hardware; it may take up to 60 s.",
    (Field("skill_id", str),),
    emitted_by="enclosure, plugins",
    handled_by="admin",
)
CONFIGURE_LANGUAGE = _admin(
    "system.configure.language",
    "Sets the language of the system.",
    (Field("language_code", str, meaning="such as en_US or en-us"),),
    source="sys",
    replies=("system.configuring.language", "system.configure.language.complete"),
    unread=(_display(False),),
)
CONFIGURING_LANGUAGE = _admin_report(
    "system.configuring.language", "The language is about to be set.", source="ours"
)
CONFIGURE_LANGUAGE_COMPLETE = _admin_report(
    "system.configure.language.complete", "The language is set.", (Field("lang", str, meaning="such as en-us"),)
)
CONFIGURE_TIMEZONE = _admin(
    "system.configure.timezone",
    "Sets the time zone.",
    (Field("timezone", str, meaning="such as Europe/Berlin"),),
    source="ours",
    replies=("system.configuring.timezone", "system.configure.timezone.complete"),
)
CONFIGURING_TIMEZONE = _admin_report(
    "system.configuring.timezone", "The time zone is about to be set.", source="ours"
)
CONFIGURE_TIMEZONE_COMPLETE = _admin_report(
    "system.configure.timezone.complete", "The time zone is set.", (Field("timezone", str),), source="ours"
)
CONFIGURE_WIFI_COUNTRY = _admin(
    "system.configure.wifi.country",
    "Sets the country whose rules the wifi radio keeps.",
    (Field("country_code", str, meaning="such as DE (ISO 3166)"),),
    source="ours",
    replies=("system.configuring.wifi.country", "system.configure.wifi.country.complete"),
)
CONFIGURING_WIFI_COUNTRY = _admin_report(
    "system.configuring.wifi.country", "The country of the wifi radio is about to be set.", source="ours"
)
CONFIGURE_WIFI_COUNTRY_COMPLETE = _admin_report(
    "system.configure.wifi.country.complete",
    "The country of the wifi radio is set.",
    (Field("country_code", str),),
    source="ours",
)
CONFIGURE_HOSTNAME = _admin(
    "system.configure.hostname",
    "Sets the name of the machine.",
    (Field("hostname", str, meaning="letters, digits and inner hyphens, such as kitchen"),),
    source="ours",
    replies=("system.configuring.hostname", "system.configure.hostname.complete"),
)
CONFIGURING_HOSTNAME = _admin_report(
    "system.configuring.hostname", "The name of the machine is about to be set.", source="ours"
)
CONFIGURE_HOSTNAME_COMPLETE = _admin_report(
    "system.configure.hostname.complete", "The name is set.", (Field("hostname", str),), source="ours"
)
SERVICE_RESTART = _admin(
    "system.mycroft.service.restart",
    "Restarts the voice assistant.",
    source="sys",
    replies=("system.mycroft.service.restart.start", "system.mycroft.service.restart.complete"),
    unread=(_display(True),),
)
SERVICE_RESTART_START = _admin_report(
    "system.mycroft.service.restart.start", "The voice assistant is about to restart.", unread=(_display(True),)
)
SERVICE_RESTART_COMPLETE = _admin_report(
    "system.mycroft.service.restart.complete", "The voice assistant is restarted.", source="ours"
)

SYSTEM_STATUS = _admin(
    "system.status",
    "Asks which changes of the machine the admin service is carrying out.",
    source="ours",
    emitted_by="enclosure",
    replies=("system.status.response",),
    privileged=False,  # it changes nothing, and their reports are sent to all programs, too
)
SYSTEM_STATUS_RESPONSE = _admin_report(
    "system.status.response",
    "The changes under way. The admin service also sends it unasked: when it has connected to the bus, and when "
    "it begins a change by itself.",
    (
        Field(
            "under_way",
            dict,
            meaning="by request, such as system.update: its first and its last report, as a list of {type, data}",
        ),
    ),
    source="ours",
    handled_by="enclosure",
)

SHELL_FACTORY_RESET = _topic(
    "ovos.shell.exec.factory.reset",
    "Makes the screen's shell run a script that resets the device; its sender can run any program.",
    (Field("script", str, meaning="its path"),),
    family=Family.ADMIN,
    source="sys",
    emitted_by="plugins",
    handled_by="gui",
    privileged=True,
)

# Wifi.

_wifi = partial(_topic, family=Family.WIFI, source="doc adm", handled_by="admin", privileged=True)
_wifi_report = partial(_topic, family=Family.WIFI, source="adm", emitted_by="admin")
_nm = partial(_wifi, source="nm")
_nm_report = partial(_wifi_report, source="nm")
_CONNECTION = Field("connection_name", str)
_CONNECT_REPLIES = ("ovos.phal.nm.connection.successful", "ovos.phal.nm.connection.failure")

WIFI_SETUP = _wifi(
    "system.wifi.setup",
    "Opens an access point with a page on which the user chooses the network.",
    (
        Field("lang", str, None, meaning="of what is spoken, such as en-us; the page has that of the browser"),
        Field(
            "allow_timeout",
            bool,
            True,
            meaning="whether it closes after 5 min without a guest",
        ),
    ),
    alias="mycroft.wifi.start",
    handled_by="admin, enclosure",
    replies=("system.wifi.ap_up", "system.wifi.ap_down", "system.wifi.ap_error"),
)
WIFI_RESET = _wifi(
    "system.wifi.reset",
    "Forgets the known networks, and nothing else.",
    alias="mycroft.wifi.reset",
    replies=("system.wifi.reset.complete",),
)
WIFI_RESET_COMPLETE = _wifi_report(
    "system.wifi.reset.complete",
    "The known networks are forgotten.",
    (Field("networks", int, low=0, meaning="their number"),),
    source="ours",
)
WIFI_AP_UP = _wifi_report(
    "system.wifi.ap_up",
    "The access point is open; without fields where mycroft-wifi-setup has opened it.",
    (
        Field("ssid", str, None, meaning="its name"),
        Field("password", str, None, meaning="none where it is open"),
        Field("address", str, None, meaning="where the page is, such as 100.64.7.1"),
        Field("lang", str, None, meaning="as in system.wifi.setup"),
    ),
)
WIFI_AP_DEVICE_CONNECTED = _wifi_report("system.wifi.ap_device_connected", "A device has joined the access point.")
WIFI_AP_DEVICE_DISCONNECTED = _wifi_report(
    "system.wifi.ap_device_disconnected", "A device has left the access point."
)
_CHOSEN = Field("ssid", str, None, meaning="its name")
WIFI_AP_CONNECTING = _wifi_report(
    "system.wifi.ap_connecting",
    "The access point closes while the network that was chosen is joined.",
    (_CHOSEN,),
    source="ours",
)
WIFI_AP_CONNECTION_FAILED = _wifi_report(
    "system.wifi.ap_connection_failed",
    "The network that was chosen could not be joined; the access point opens again.",
    (_CHOSEN, Field("reason", str, None, meaning="such as wrong-password"), Field("error", str, None)),
)
WIFI_AP_CONNECTION_SUCCESS = _wifi_report(
    "system.wifi.ap_connection_success",
    "The device has joined the network that was chosen.",
    (_CHOSEN,),
)
WIFI_AP_DOWN = _wifi_report("system.wifi.ap_down", "The access point is closed.")
WIFI_AP_ERROR = _wifi_report(
    "system.wifi.ap_error",
    "The access point could not be opened.",
    (Field("error", str, None),),
)
WIFI_NOT_CONNECTED = _wifi_report(
    "system.wifi.not_connected",
    "The device has been in no network since its start. Sent after two minutes if it knows a network, which may "
    "come back; otherwise after 30 s, and the setup begins when the assistant has introduced it.",
    (
        Field("known", bool, True, meaning="whether it knows a network"),
        Field("lang", str, None, meaning="the language of the device"),
    ),
    source="ours",
    handled_by="enclosure",
)
WIFI_SCAN = _wifi(
    "wifi.scan",
    "Asks for the networks in range.",
    source="adm",
    replies=("wifi.scanned",),
    privileged=False,  # it changes nothing
)
WIFI_SCANNED = _wifi_report(
    "wifi.scanned",
    "The networks in range.",
    (Field("networks", dict, meaning="by SSID: {quality, encrypted, connected, demo}"),),
)
WIFI_CONNECT = _wifi(
    "wifi.connect",
    "Joins a network.",
    (Field("ssid", str), Field("password", str, None, meaning="none for an open network")),
    source="adm",
    replies=("connection.status",),
    confidential=True,
)
WIFI_CONNECTION_STATUS = _wifi_report(
    "connection.status", "Whether the device has joined the network.", (Field("connected", bool),)
)
WIFI_CANCEL = _wifi("wifi.cancel", "Cancels joining a network, and a setup.", source="adm")
WIFI_STOP = _wifi("wifi.stop", "Closes the access point.", source="adm", replies=("system.wifi.ap_down",))

NM_SCAN = _nm(
    "ovos.phal.nm.scan",
    "Asks for the networks in range.",
    replies=("ovos.phal.nm.scan.complete",),
    privileged=False,  # it changes nothing
)
NM_SCAN_COMPLETE = _nm_report(
    "ovos.phal.nm.scan.complete",
    "The networks in range.",
    (Field("networks", list, meaning="{ssid, security}, the strongest first; security such as WPA2 or open"),),
)
NM_CONNECT = _nm(
    "ovos.phal.nm.connect",
    "Joins a network.",
    (_CONNECTION, Field("password", str)),
    replies=_CONNECT_REPLIES,
    unread=(Field("security_type", str, None, meaning="such as wpa2; the scan tells it"),),
    confidential=True,
)
NM_CONNECT_OPEN = _nm(
    "ovos.phal.nm.connect.open.network", "Joins an open network.", (_CONNECTION,), replies=_CONNECT_REPLIES
)
NM_RECONNECT = _nm("ovos.phal.nm.reconnect", "Joins a known network.", (_CONNECTION,), replies=_CONNECT_REPLIES)
NM_CONNECTION_SUCCESSFUL = _nm_report(
    "ovos.phal.nm.connection.successful", "The device has joined the network.", (_CONNECTION,)
)
NM_CONNECTION_FAILURE = _nm_report(
    "ovos.phal.nm.connection.failure",
    "The device has not joined the network.",
    (Field("errorCode", str, meaning="0: the password is wrong; 1: another reason"), Field("errorMessage", str)),
)
NM_DISCONNECT = _nm(
    "ovos.phal.nm.disconnect",
    "Leaves a network.",
    (_CONNECTION,),
    replies=("ovos.phal.nm.disconnection.successful", "ovos.phal.nm.disconnection.failure"),
)
NM_DISCONNECTED = _nm_report(
    "ovos.phal.nm.disconnection.successful", "The device has left the network.", (_CONNECTION,)
)
NM_DISCONNECTION_FAILURE = _nm_report(
    "ovos.phal.nm.disconnection.failure", "The device could not leave the network."
)
NM_FORGET = _nm(
    "ovos.phal.nm.forget",
    "Forgets a network.",
    (_CONNECTION,),
    replies=("ovos.phal.nm.forget.successful", "ovos.phal.nm.forget.failure"),
)
NM_FORGOTTEN = _nm_report("ovos.phal.nm.forget.successful", "The network is forgotten.", (_CONNECTION,))
NM_FORGET_FAILURE = _nm_report("ovos.phal.nm.forget.failure", "The network could not be forgotten.")
NM_GET_CONNECTED = _nm(
    "ovos.phal.nm.get.connected",
    "Asks for the network that the device is in.",
    replies=("ovos.phal.nm.is.connected", "ovos.phal.nm.is.not.connected"),
    privileged=False,  # it changes nothing
)
NM_IS_CONNECTED = _nm_report("ovos.phal.nm.is.connected", "The network that the device is in.", (_CONNECTION,))
NM_IS_NOT_CONNECTED = _nm_report("ovos.phal.nm.is.not.connected", "The device is in no network.")

# OVOS' wifi setup has programs register that can set a network up, and activates one of them.

_plugin = partial(_topic, family=Family.WIFI, source="wifi", emitted_by="admin", handled_by="plugins")
_CLIENT = Field("client", str, meaning="name of the program")

WIFI_PLUGIN_ALIVE = _plugin(
    "ovos.phal.wifi.plugin.alive",
    "OVOS' wifi setup has started; programs that can set a network up register now.",
    emitted_by="plugins",
    handled_by="admin, plugins",
)
WIFI_PLUGIN_REGISTER = _plugin(
    "ovos.phal.wifi.plugin.register.client",
    "The sender can set a network up.",
    (
        _CLIENT,
        Field("type", str, meaning="such as Remote"),
        Field("display_text", str),
        Field("has_gui", bool, False),
        Field("requires_input", bool, False),
    ),
    replies=("ovos.phal.wifi.plugin.client.registered",),
)
WIFI_PLUGIN_DEREGISTER = _plugin(
    "ovos.phal.wifi.plugin.deregister.client", "The sender can set no network up any more.", (_CLIENT,)
)
WIFI_PLUGIN_REGISTERED = _plugin(
    "ovos.phal.wifi.plugin.client.registered",
    "A program is registered; `ovos.phal.wifi.plugin.activate.<id>` starts its setup.",
    (_CLIENT, Field("id", str)),
    emitted_by="plugins",
    handled_by="admin, plugins",
    more="the fields of the registration",
)
WIFI_PLUGIN_REMOVE_ACTIVE = _plugin(
    "ovos.phal.wifi.plugin.remove.active.client", "The setup of the sender has ended.", (_CLIENT,)
)
WIFI_PLUGIN_SETUP_FAILURE = _plugin(
    "ovos.phal.wifi.plugin.client.setup.failure", "The setup of the sender has failed.", (_CLIENT,)
)
WIFI_SETUP_COMPLETED = _plugin(
    "ovos.wifi.setup.completed", "The device is in a network.", handled_by="any program"
)
WIFI_PLUGIN_ACTIVATE = "ovos.phal.wifi.plugin.activate."
WIFI_PLUGIN_DEACTIVATE = "ovos.phal.wifi.plugin.deactivate."
"""Beginnings of the types that start and end the setup of a registered program, before its id."""

# Playback, as far as the enclosure follows it.

_playback = partial(_topic, family=Family.PLAYBACK, emitted_by="skills", handled_by="audio, enclosure")
_TRACKS = Field("tracks", list, meaning="of URIs, or of [URI, MIME type]")

AUDIO_SERVICE_PLAY = _playback(
    "mycroft.audio.service.play",
    "Plays a list of tracks.",
    source="doc mc ovos",
    unread=(
        _TRACKS,
        Field("utterance", str, "", meaning="the utterance; it may name a backend"),
        Field("repeat", bool, False),
    ),
)
AUDIO_SERVICE_STOP = _playback("mycroft.audio.service.stop", "Stops playing.", source="doc mc ovos")
COMMON_PLAY_PLAY = _playback("ovos.common_play.play", "Plays media.", source="ovos", more="the media")
COMMON_PLAY_STOP = _playback("ovos.common_play.stop", "Stops playing media.", source="ovos")
AUDIO_QUEUE_END = _playback(
    "mycroft.audio.queue_end", "All tracks have been played.", source="mc ovos", emitted_by="audio"
)
PLAYER_STATE = _playback(
    "ovos.common_play.player.state",
    "Whether media are playing.",
    (Field("state", int, low=0, high=2, meaning="0 stopped, 1 playing, 2 paused"),),
    source="ovos",
    emitted_by="audio, skills",
)

# Other hardware: buttons, switches and LEDs of boards.

_hardware = partial(_topic, family=Family.HARDWARE, source="dink", handled_by="enclosure")

SWITCH_REPORT_STATES = _hardware(
    "mycroft.switch.report-states", "Asks for the state of all switches.", replies=("mycroft.switch.state",)
)
SWITCH_STATE = _hardware(
    "mycroft.switch.state",
    "The state of a switch; sent when it changes, after each connection to the bus, and when asked for.",
    (
        Field("name", str, meaning="such as mute"),
        Field("state", str, choices=("on", "off"), meaning="of the microphone: off is muted"),
    ),
    emitted_by="enclosure",
    handled_by="any program",
)
MIC_ERROR = _hardware(
    "mycroft.mic.error",
    "The microphone does not work, or is muted by a switch.",
    (Field("error", str, None, meaning="mic_sw_muted: a button was pressed while the switch is on mute"),),
    source="neon",
    emitted_by="enclosure, plugins",
    handled_by="any program",
)
FEEDBACK_SET_STATE = _hardware(
    "mycroft.feedback.set-state",
    "Shows a state on the LEDs.",
    (Field("state", str, meaning="asleep, awake, thinking or volume_0 to volume_10"),),
)
SCREEN_BRIGHTNESS = _hardware(
    "mycroft.screen.brightness",
    "The brightness of the screen; LEDs follow.",
    (Field("value", float, low=0, high=1),),
)
LED_ANIMATION = _hardware(
    "neon.linear_led.show_animation",
    "Shows an animation on the LEDs.",
    (
        Field(
            "animation",
            str,
            choices=("breathe", "chase", "fill", "refill", "bounce", "blink", "alternating"),
        ),
        Field("color", str, None, meaning="a name such as red, or #rrggbb; without one that of the eyes"),
        Field("timeout", float, 5, 0, 30, unit="s"),
    ),
    source="neon",
)
BOARD_STATE = _hardware(
    "enclosure.board.state",
    "The state of a part of the board; sent when it changes, and after each connection to the bus.",
    (
        Field("part", str, meaning="such as controls, lights or mixer"),
        Field("state", str, choices=("connected", "missing", "taken", "forbidden")),
        Field("detail", str, "", meaning="what is wrong, for people"),
    ),
    source="ours",
    emitted_by="enclosure",
    handled_by="any program",
)
REPORT_PARTS = _hardware(
    "enclosure.report-parts",
    "Asks what the device has, and for the state of its faceplate and of each part of its board.",
    source="ours",
    replies=("enclosure.parts", FACEPLATE_STATE.name, BOARD_STATE.name),
)
PARTS = _hardware(
    "enclosure.parts",
    "What the device has besides a loudspeaker.",
    (
        Field("display", str, choices=("faceplate", "lights", "none")),
        Field("buttons", list, meaning="their names"),
        Field("switches", list, meaning="their names; each mutes the microphone"),
        Field("knob", bool, meaning="whether a knob turns the volume"),
    ),
    source="ours",
    emitted_by="enclosure",
    handled_by="any program",
)


OURS = _registry.topics
"""All of the above, in this order."""

PRIVILEGED = frozenset(name for topic in OURS if topic.privileged for name in topic.names)
"""The types, by either name, that the bus accepts only from users who may administer the machine."""

CONFIDENTIAL = frozenset(name for topic in OURS if topic.confidential for name in topic.names)
"""The types, by either name, that the bus delivers to the admin service alone; none has an echo."""

BEGINNINGS_WITH_SENDER = (WIFI_PLUGIN_ACTIVATE, WIFI_PLUGIN_DEACTIVATE)
"""Beginnings of further types that are like those of WITH_SENDER."""

WITH_SENDER = PRIVILEGED.union(*(topic.names for topic in OURS if "admin" in topic.handled_by))
"""The types, by either name, to which the bus adds their sender; it refuses long frames of them.

The admin service subscribes to these types only, so that no message can exhaust its memory.
"""
