"""The message bus: what Mycroft, OVOS and our own daemons talk over. Knows no hardware and no host."""
