"""Errors of the MQTT bridge."""


class BrokerError(ConnectionError):
    """There is no connection to the broker; the text is the reason."""
