"""From topics to ports, and from events to messages."""
