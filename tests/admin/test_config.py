"""What mycroft.conf may say of the access point."""

import msgspec
import pytest

from admin.config import WifiSettings


def test_a_name_of_the_access_point_may_have_32_bytes() -> None:
    settings = msgspec.convert({"ssid": "K\u00fcche" + "x" * 26}, WifiSettings)
    assert len(settings.hotspot.ssid.encode()) == 32
    with pytest.raises(msgspec.ValidationError, match="ssid has more than 32 bytes"):
        msgspec.convert({"ssid": "\u00fc" * 17}, WifiSettings)
