"""The bridge to an MQTT broker, with device discovery for Home Assistant."""
