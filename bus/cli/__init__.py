"""The commands of `mycroft-bus`."""
