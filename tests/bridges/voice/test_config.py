"""The section `voice`."""

import pytest

from bridges.voice.assistant import SatelliteRequest
from bridges.voice.config import LocalAddress, VoiceSettings, Wyoming, satellite_of
from bridges.voice.daemon import cannot
from bus.errors import ConfigError

API, EVENTS, WAKE, SERVICE = "ws://127.0.0.1:6055", *(f"tcp://127.0.0.1:{port}" for port in (10500, 10401, 10400))


def test_without_an_address_there_is_no_satellite() -> None:
    assert satellite_of(VoiceSettings()) is None


@pytest.mark.parametrize("url", [API, "ws://localhost:6055", "ws://127.0.0.1:6055/"])
def test_the_peripheral_api_is_an_address_of_this_machine(url: str) -> None:
    assert satellite_of(VoiceSettings(peripheral_api=url)) == LocalAddress("127.0.0.1", 6055)


def test_the_services_of_a_wyoming_satellite() -> None:
    found = satellite_of(VoiceSettings(event_uri=EVENTS, wake_uri=WAKE, wake_service="tcp://[::1]:10400"))
    assert found == Wyoming(
        LocalAddress("127.0.0.1", 10500), LocalAddress("127.0.0.1", 10401), LocalAddress("::1", 10400)
    )


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (VoiceSettings(API, EVENTS), "voice.event_uri: a device has one satellite"),
        (VoiceSettings(wake_uri=WAKE), "voice.wake_uri: needs voice.event_uri"),
        (VoiceSettings(event_uri=EVENTS, wake_service=SERVICE), "voice.wake_service: needs voice.wake_uri"),
        (VoiceSettings(event_uri=EVENTS, wake_uri=EVENTS), "voice.wake_uri: 127.0.0.1:10500 is used twice"),
        (VoiceSettings(None, EVENTS, WAKE, WAKE), "voice.wake_uri: 127.0.0.1:10401 is used twice"),
        (VoiceSettings("tcp://127.0.0.1:6055"), "voice.peripheral_api: expected ws://127.0.0.1:PORT"),
        (VoiceSettings("wss://127.0.0.1:6055"), "expected ws://127.0.0.1:PORT"),
        (VoiceSettings("ws://127.0.0.1"), "expected ws://127.0.0.1:PORT"),
        (VoiceSettings("ws://127.0.0.1:0"), "expected ws://127.0.0.1:PORT"),
        (VoiceSettings("ws://127.0.0.1:6055/path"), "expected ws://127.0.0.1:PORT"),
        (VoiceSettings("ws://user@127.0.0.1:6055"), "expected ws://127.0.0.1:PORT"),
        (VoiceSettings("ws://127.0.0.1:99999"), "voice.peripheral_api: "),
        (VoiceSettings("ws://[::1:6055"), "voice.peripheral_api: "),
        (VoiceSettings("ws://192.168.1.7:6055"), "192.168.1.7 is not this machine"),
        (VoiceSettings("ws://0.0.0.0:6055"), "0.0.0.0 is not this machine"),
        (VoiceSettings("ws://satellite.home:6055"), "satellite.home is not this machine"),
        (VoiceSettings(event_uri="unix:///run/events"), "voice.event_uri: expected tcp://127.0.0.1:PORT"),
    ],
)
def test_an_error_names_the_key_and_the_reason(settings: VoiceSettings, reason: str) -> None:
    with pytest.raises(ConfigError) as raised:
        satellite_of(settings)
    assert reason in str(raised.value)


def test_what_a_satellite_cannot_do() -> None:
    events = LocalAddress("127.0.0.1", 10500)
    assert cannot(LocalAddress("127.0.0.1", 6055)) == {}
    by_proxy = {SatelliteRequest.LISTEN, SatelliteRequest.MUTE, SatelliteRequest.UNMUTE}
    assert cannot(Wyoming(events, events, None)).keys() == set(SatelliteRequest) - by_proxy
    without = cannot(Wyoming(events, None, None))
    assert without.keys() == set(SatelliteRequest)
    assert "voice.wake_uri" in without[SatelliteRequest.LISTEN]
