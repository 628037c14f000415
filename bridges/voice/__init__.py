"""The bridge to Home Assistant's voice satellites: the device is their face, button and mute switch."""
