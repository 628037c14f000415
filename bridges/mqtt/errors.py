"""Everything that the MQTT bridge raises."""


class BrokerError(ConnectionError):
    """There is no connection to the broker, or none any more; the text says why."""
