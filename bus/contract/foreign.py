"""Message types that only other programs send and handle: for reference, our code uses none.

Programs are named as in `bus.contract.ours`.
"""

from functools import partial

from bus.contract.topic import Family, Field, Topic

_client = partial(
    Topic, family=Family.BUS, source="doc mc", emitted_by="client library", handled_by="the same process"
)
_session = partial(Topic, family=Family.BUS, source="ovos")
_volume = partial(Topic, family=Family.VOLUME)
_voice = partial(Topic, family=Family.VOICE, source="odl")
_lifecycle = partial(Topic, family=Family.LIFECYCLE)
_admin = partial(Topic, family=Family.ADMIN, source="sys")
_wifi = partial(Topic, family=Family.WIFI, source="wifi")
_awconnect = partial(Topic, family=Family.WIFI, source="dink", emitted_by="access point of the Mark II")
_playback = partial(Topic, family=Family.PLAYBACK, source="doc mc ovos", emitted_by="skills", handled_by="audio")
_skills = partial(Topic, family=Family.SKILLS, source="doc mc", emitted_by="core")
_msm = partial(Topic, family=Family.SKILLS, source="doc", emitted_by="skill installer", handled_by="core")
_fallback = partial(Topic, family=Family.SKILLS, source="ovos")
_intents = partial(Topic, family=Family.INTENTS, source="doc mc", emitted_by="skills", handled_by="core")
_plugin = partial(Topic, family=Family.HARDWARE, source="phal", handled_by="plugins")
_plugin_report = partial(_plugin, emitted_by="plugins", handled_by="any program")

_ID = Field("id", str, meaning="of the skill")
_FOLDER = Field("folder", str, meaning="of the skill")
_SKILL_ID = Field("skill_id", str)
_INTENT_NAME = Field("intent_name", str)
_BRIGHTNESS = Field("brightness", float, low=0, high=100, unit="%")
_UTTERANCES = Field("utterances", list, meaning="the possible transcriptions, the most likely first")
_LANG = Field("lang", str, None, meaning="such as en-us")
_SESSION = Field("session", str, None, meaning="of mycroft-core; OVOS has it in the context")
_AUDIO = Field("audio", str, meaning="a WAV file in base64")
_STATE = Field("state", str)
_READING = (
    Field("state", object, meaning="the reading"),
    Field("sensor_id", str),
    Field("device_name", str),
    Field("name", str),
    Field("attributes", dict, meaning="such as the unit"),
)
_SKILL_ERROR = (Field("skill", str), Field("error", object, meaning="exit code"))
_WIFI_CLIENT = (Field("client", str), Field("id", str))


def _wifi_plugin(name: str, summary: str, *fields: Field, reply: str = "", answer: bool = False) -> Topic:
    """A message of OVOS' wifi setup: an answer of the plugin, or a request of one of its clients."""
    prefix = "ovos.phal.wifi.plugin."
    return _wifi(
        f"{prefix}{name}",
        summary,
        fields,
        emitted_by="wifi plugin" if answer else "wifi clients",
        handled_by="wifi clients" if answer else "wifi plugin",
        replies=(f"{prefix}{reply}",) if reply else (),
    )


FOREIGN: tuple[Topic, ...] = (
    # Events inside a client; they have the names of message types, but never travel.
    _client("open", "The client has connected."),
    _client("message", "The client has received any message; handlers get its text."),
    # Sessions.
    _session(
        "ovos.session.sync",
        "Asks core for the session of the device, or sets it; removed in OVOS 2.x.",
        emitted_by="OVOS clients",
        handled_by="core",
        replies=("ovos.session.update_default",),
    ),
    _session(
        "ovos.session.update_default",
        "The session of the device has changed; OVOS clients adopt it.",
        (Field("session_data", dict, meaning="such as session_id, lang and pipeline"),),
        emitted_by="core",
        handled_by="OVOS clients",
    ),
    _session(
        "ovos.session.rejected",
        "A message was not relayed because its session is not an object; our bus sends bus.message.rejected.",
        (Field("msg_type", str), Field("reason", str), Field("utterance_id", str, None)),
        emitted_by="bus of OVOS 2.x",
    ),
    # Volume.
    _volume(
        "volume.set.percent",
        "A name for mycroft.volume.set that only the listener handles, and no program sends.",
        (Field("percent", float, low=0, high=1),),
        source="odl",
        emitted_by="no program",
        handled_by="listener",
    ),
    _volume(
        "hardware.volume",
        "The volume, for the screen of the Mark II.",
        (Field("volume", int, low=0, high=100, unit="%"), Field("no_osd", bool, False)),
        source="dink",
        emitted_by="Mark II",
        handled_by="gui",
    ),
    # Faceplate.
    Topic(
        "enclosure.active_skill",
        "The skill that uses the faceplate now.",
        (_SKILL_ID,),
        family=Family.DEVICE,
        source="opm",
        emitted_by="skills",
        handled_by="plugins",
    ),
    # Listening and speaking.
    _voice(
        "recognizer_loop:hotword",
        "A hotword was detected.",
        emitted_by="listener",
        more="the details of the hotword",
    ),
    _voice(
        "recognizer_loop:stopword",
        "A stop word was detected.",
        emitted_by="listener",
        more="the details of the hotword",
    ),
    _voice(
        "recognizer_loop:wakeupword",
        "A wake-up word was detected.",
        emitted_by="listener",
        more="the details of the hotword",
    ),
    _voice("recognizer_loop:record_stop", "Ends a recording.", emitted_by="skills", handled_by="listener"),
    _voice(
        "recognizer_loop:state.get",
        "Asks for the state of the listener.",
        handled_by="listener",
        replies=("recognizer_loop:state",),
    ),
    _voice(
        "recognizer_loop:state", "The state of the listener.", (Field("mode", str), _STATE), emitted_by="listener"
    ),
    _voice(
        "recognizer_loop:state.set",
        "Sets the state of the listener.",
        (
            Field("mode", str, None, meaning="wakeword, continuous or hybrid"),
            Field("state", str, None),
            Field("recording_name", str, None),
        ),
        handled_by="listener",
    ),
    _voice(
        "recognizer_loop:b64_audio",
        "Handles a sound as if it were recorded.",
        (_AUDIO, _LANG),
        emitted_by="satellites",
        handled_by="listener",
    ),
    _voice(
        "recognizer_loop:b64_transcribe",
        "Asks for the transcription of a sound.",
        (_AUDIO, _LANG),
        emitted_by="satellites",
        handled_by="listener",
        replies=("recognizer_loop:b64_transcribe.response",),
    ),
    _voice(
        "recognizer_loop:b64_transcribe.response",
        "The transcription of a sound.",
        (Field("transcriptions", list, meaning="[text, confidence] each"), _LANG),
        emitted_by="listener",
        handled_by="satellites",
    ),
    _voice("recognizer_loop:utterance_start", "A sentence starts to play.", source="ovos", emitted_by="audio"),
    _voice("recognizer_loop:no_internet", "Speech could not be sent for recognition.", source="mc"),
    _voice("mycroft.mic.status", "Whether the microphone is muted.", (Field("muted", bool),), source="neon"),
    _voice(
        "speak:b64_audio",
        "Asks for a text as sound.",
        (Field("utterance", str), _LANG),
        source="ovos",
        alias="ovos.utterance.speak.b64",
        handled_by="audio",
        replies=("speak:b64_audio.response",),
    ),
    _voice(
        "speak:b64_audio.response",
        "A text as sound.",
        (_AUDIO,),
        source="ovos",
        alias="ovos.audio.speech",
        emitted_by="audio",
        more="the fields of the request",
    ),
    _voice(
        "mycroft.audio.queue",
        "Plays a sound after the current speech.",
        (
            Field("uri", str, None),
            Field("binary_data", str, None, meaning="in hex"),
            Field("audio_ext", str, None),
        ),
        source="ovos",
        alias="ovos.audio.queue",
        handled_by="audio",
        more="visemes, and whether to listen",
    ),
    _voice(
        "mycroft.audio.play_sound.response",
        "The sound was played.",
        source="odl",
        emitted_by="audio",
        more="the sound",
    ),
    _voice(
        "mycroft.audio.speech.stop",
        "Stops the current speech.",
        source="mc ovos",
        alias="ovos.audio.stop",
        handled_by="audio",
    ),
    _voice(
        "mycroft.audio.speak.status",
        "Asks whether speech is playing.",
        source="ovos",
        alias="ovos.audio.is_speaking",
        handled_by="audio",
        replies=("mycroft.audio.is_speaking", "mycroft.audio.speak.status.response"),
    ),
    _voice(
        "mycroft.audio.is_speaking",
        "Whether speech is playing.",
        (Field("speaking", bool),),
        source="ovos",
        emitted_by="audio",
    ),
    _voice(
        "mycroft.audio.speak.status.response",
        "Whether speech is playing.",
        (Field("is_speaking", bool),),
        source="ovos",
        emitted_by="audio",
    ),
    _voice("mycroft.eyes.default", "Shows the eyes in the colour that the user has chosen.", source="phal mc"),
    _voice(
        "mycroft.stop.handled",
        "The sender had something to stop, and has stopped it.",
        (Field("by", str, None, meaning="such as audio:vlc"),),
        source="mc ovos",
        emitted_by="core, audio, skills",
    ),
    # Start, readiness and connectivity.
    _lifecycle(
        "mycroft.paired",
        "The device is paired with a backend.",
        (Field("paired", bool, True),),
        source="doc mc",
        emitted_by="core",
    ),
    _lifecycle("mycroft.ready.check", "Checks whether everything is loaded.", source="ovos", handled_by="skills"),
    _lifecycle(
        "mycroft.ready.get",
        "Asks whether everything is loaded.",
        source="dink",
        replies=("mycroft.ready.get.response",),
    ),
    _lifecycle(
        "mycroft.ready.get.response", "Whether everything is loaded.", (Field("ready", bool),), source="dink"
    ),
    _lifecycle(
        "mycroft.skills.initialized", "All skills have been loaded.", source="doc mc ovos", emitted_by="core"
    ),
    _lifecycle("mycroft.skills.trained", "All intents have been trained.", emitted_by="core"),
    _lifecycle(
        "mycroft.not.paired", "The device is not paired with a backend, and needs one.", source="dink ovos"
    ),
    _lifecycle("backend.down", "The backend does not answer.", emitted_by="core"),
    _lifecycle("configuration.patch.clear", "Reverts the changes of configuration.patch."),
    _lifecycle("configuration.updated", "The configuration has changed; programs read it again."),
    _lifecycle(
        "configuration.cache.clear", "Clears the configuration that was fetched from a backend.", source="ovos"
    ),
    # Administration.
    _admin("system.update.waiting", "core waits for system.update.complete.", source="mc", emitted_by="core"),
    _admin("system.display.homescreen", "Shows the home screen.", handled_by="gui"),
    _admin("ovos.shell.status.ok", "Removes the notice of a restart from the screen.", handled_by="gui"),
    # Wifi setup of OVOS, and of the Mark II.
    _wifi_plugin("client.registration.failure", "The client is not registered.", Field("error", str), answer=True),
    _wifi_plugin("client.deregistered", "The client is not registered any more.", answer=True),
    _wifi_plugin("get.registered.clients", "Asks for the registered clients.", reply="registered.clients"),
    _wifi_plugin("registered.clients", "The registered clients.", Field("clients", list), answer=True),
    _wifi_plugin("set.active.client", "Makes a client set up the wifi.", *_WIFI_CLIENT),
    _wifi_plugin("client.select", "The user has chosen a client.", *_WIFI_CLIENT),
    _wifi_plugin("client.select.page.removed", "The page with the clients was closed."),
    _wifi_plugin("skip.setup", "The user skips the wifi setup."),
    _wifi_plugin("user.activated", "The user starts the wifi setup."),
    _wifi_plugin("stop.setup.event", "Ends the setup."),
    _wifi_plugin("setup.launched", "The setup has begun.", answer=True),
    _wifi_plugin("setup.failed", "The setup has failed.", answer=True),
    _wifi_plugin("status", "Asks for the state of the setup; it is never answered."),
    _wifi_plugin("fully.offline", "The user chooses to stay offline."),
    _wifi_plugin("fully_offline", "The device stays offline.", answer=True),
    _awconnect(
        "hardware.awconnect.create-ap",
        "Opens an access point.",
        emitted_by="Mark II",
        handled_by="access point of the Mark II",
    ),
    _awconnect("hardware.awconnect.ap-activated", "The access point is open."),
    _awconnect("hardware.awconnect.portal-viewed", "A user views its page."),
    _awconnect("hardware.awconnect.credentials-entered", "A user has entered a password."),
    _awconnect("hardware.awconnect.ap-deactivated", "The access point is closed."),
    # Playback.
    _playback("mycroft.audio.service.pause", "Pauses playback."),
    _playback("mycroft.audio.service.resume", "Resumes playback."),
    _playback("mycroft.audio.service.next", "Skips to the next track."),
    _playback("mycroft.audio.service.prev", "Goes back to the previous track."),
    _playback(
        "mycroft.audio.service.track_info",
        "Asks for the current track.",
        replies=("mycroft.audio.service.track_info_reply",),
    ),
    _playback(
        "mycroft.audio.service.track_info_reply",
        "The current track; empty without one.",
        emitted_by="audio",
        handled_by="skills",
        more="the fields of the backend, such as artist, album and title",
    ),
    _playback(
        "mycroft.media.stop",
        "Stops media skills; no longer in use.",
        (Field("origin", str, meaning="the skill that sent it"),),
        source="doc",
        handled_by="skills",
    ),
    # Skills.
    _skills(
        "mycroft.skill.handler.start",
        "A skill has begun to handle an intent.",
        (Field("handler", str, meaning="class and function; newer versions send name"),),
        emitted_by="skills",
        more="the intent",
    ),
    _skills(
        "mycroft.skills.loaded",
        "A skill has been loaded.",
        (_ID, Field("name", str), _FOLDER, Field("modified", float, None, meaning="since 1970", unit="s")),
    ),
    _skills("mycroft.skills.loading_failure", "A skill could not be loaded.", (_ID, _FOLDER)),
    _skills("mycroft.skills.shutdown", "A skill was stopped.", (_ID, _FOLDER)),
    _skills(
        "skillmanager.list",
        "Asks for the skills.",
        emitted_by="any program",
        handled_by="core",
        replies=("mycroft.skills.list",),
    ),
    _skills("mycroft.skills.list", "The skills.", more="by skill: {active, id}"),
    _skills("skillmanager.update", "Updates all skills.", emitted_by="any program", handled_by="core"),
    _skills(
        "mycroft.skills.settings.update",
        "Fetches the settings of skills from the backend.",
        emitted_by="skills",
        handled_by="core",
    ),
    _skills(
        "detach_skill",
        "Removes all intents of a skill.",
        (_SKILL_ID,),
        source="mc ovos",
        alias="ovos.skill.deregister",
        emitted_by="skills",
        handled_by="core",
    ),
    _skills(
        "skill.stop.pong",
        "Whether a skill has something to stop.",
        (_SKILL_ID, Field("can_handle", bool)),
        source="ovos",
        alias="ovos.stop.pong",
        emitted_by="skills",
        handled_by="core",
    ),
    _fallback(
        "ovos.skills.fallback.register",
        "Offers to handle utterances that match no intent.",
        (_SKILL_ID, Field("priority", int, 101, 0, 101)),
        alias="ovos.fallback.register",
        emitted_by="skills",
        handled_by="core",
    ),
    _fallback(
        "ovos.skills.fallback.deregister",
        "Withdraws the offer.",
        (_SKILL_ID,),
        alias="ovos.fallback.deregister",
        emitted_by="skills",
        handled_by="core",
    ),
    _fallback(
        "ovos.skills.fallback.ping",
        "Asks for skills that can handle an utterance.",
        (_UTTERANCES, _LANG),
        alias="ovos.fallback.ping",
        emitted_by="core",
        handled_by="skills",
        replies=("ovos.skills.fallback.pong",),
        more="the range of priorities",
    ),
    _fallback(
        "ovos.skills.fallback.pong",
        "Whether a skill can handle the utterance.",
        (_SKILL_ID, Field("can_handle", bool)),
        alias="ovos.fallback.pong",
        emitted_by="skills",
        handled_by="core",
    ),
    _msm("msm.updating", "The update of skills has begun."),
    _msm("msm.updated", "The update of skills is complete."),
    _msm("msm.installing", "The installation of skills has begun."),
    _msm("msm.install.succeeded", "A skill was installed.", (Field("skill", str),)),
    _msm("msm.install.failed", "A skill could not be installed.", _SKILL_ERROR),
    _msm("msm.installed", "The installation of skills is complete."),
    _msm("msm.removing", "The removal of skills has begun."),
    _msm("msm.remove.succeeded", "A skill was removed.", (Field("skill", str),)),
    _msm("msm.remove.failed", "A skill could not be removed.", _SKILL_ERROR),
    _msm("msm.removed", "The removal of skills is complete."),
    # Intents.
    _intents(
        "register_intent",
        "Adds an intent of keywords.",
        (
            Field("name", str),
            Field("requires", list),
            Field("optional", list),
            Field("at_least_one", list),
        ),
        more="the keywords that exclude it",
    ),
    _intents(
        "register_vocab",
        "Adds a phrase for a keyword.",
        (
            Field("start", str, None, meaning="the phrase"),
            Field("end", str, None, meaning="the keyword"),
        ),
        more="regex, alias_of, and the newer names entity_value and entity_type",
    ),
    _intents("detach_intent", "Removes an intent.", (_INTENT_NAME,), alias="ovos.intent.deregister"),
    _intents(
        "mycroft.skill.enable_intent", "Enables an intent again.", (_INTENT_NAME,), alias="ovos.intent.enable"
    ),
    _intents("mycroft.skill.disable_intent", "Disables an intent.", (_INTENT_NAME,), alias="ovos.intent.disable"),
    _intents(
        "intent_failure",
        "No intent matches; fallbacks are tried. No longer in use.",
        (Field("utterance", str),),
        source="doc",
        emitted_by="core",
        handled_by="skills",
    ),
    # Other hardware.
    _plugin(
        "phal.brightness.control.get",
        "Asks for the brightness of the screen.",
        replies=("phal.brightness.control.get.response",),
    ),
    _plugin_report(
        "phal.brightness.control.get.response",
        "The brightness of the screen.",
        (_BRIGHTNESS,),
    ),
    _plugin(
        "phal.brightness.control.set",
        "Sets the brightness of the screen.",
        (_BRIGHTNESS,),
    ),
    _plugin_report(
        "phal.brightness.control.auto.dim.update",
        "The screen was dimmed.",
        (_BRIGHTNESS,),
    ),
    _plugin_report("phal.brightness.control.auto.night.mode.enabled", "The screen is in night mode."),
    _plugin("ovos.phal.camera.ping", "Asks whether there is a camera.", replies=("ovos.phal.camera.pong",)),
    _plugin_report("ovos.phal.camera.pong", "There is a camera."),
    _plugin("ovos.phal.camera.open", "Switches the camera on."),
    _plugin("ovos.phal.camera.close", "Switches the camera off."),
    _plugin(
        "ovos.phal.camera.get",
        "Takes a picture.",
        replies=("ovos.phal.camera.get.response",),
        more="the path for it",
    ),
    _plugin_report("ovos.phal.camera.get.response", "The picture.", more="path or bytes"),
    _plugin_report("ovos.phal.sensor", "The reading of a sensor.", _READING),
    _plugin_report("ovos.phal.binary_sensor", "The reading of a sensor that is on or off.", _READING),
    _plugin(
        "ovos.phal.configuration.provider.list.groups",
        "Asks for the groups of settings.",
        replies=("ovos.phal.configuration.provider.list.groups.response",),
    ),
    _plugin_report(
        "ovos.phal.configuration.provider.list.groups.response",
        "The groups of settings.",
        (Field("groups", list),),
    ),
    _plugin(
        "ovos.phal.configuration.provider.get",
        "Asks for the settings of a group.",
        (Field("group", str),),
        replies=("ovos.phal.configuration.provider.get.response",),
    ),
    _plugin_report(
        "ovos.phal.configuration.provider.get.response",
        "The settings of a group.",
        (Field("settingsMetaData", object), Field("groupName", str)),
    ),
    _plugin("ovos.phal.configuration.provider.set", "Changes settings of a group.", more="group and settings"),
    _plugin(
        "ovos.PHAL.dashboard.enable", "Starts OVOS' dashboard.", replies=("ovos.PHAL.dashboard.status.response",)
    ),
    _plugin(
        "ovos.PHAL.dashboard.disable", "Stops OVOS' dashboard.", replies=("ovos.PHAL.dashboard.status.response",)
    ),
    _plugin(
        "ovos.PHAL.dashboard.get.status",
        "Asks whether OVOS' dashboard is running.",
        replies=("ovos.PHAL.dashboard.status.response",),
    ),
    _plugin_report(
        "ovos.PHAL.dashboard.status.response",
        "Whether OVOS' dashboard is running.",
        (Field("status", bool), Field("url", str, None), Field("user", str, None), Field("password", str, None)),
    ),
)
