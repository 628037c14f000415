"""Methods that a bus message and a device event both call, from topics to ports and from events to messages."""
