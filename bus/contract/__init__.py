"""What a message type is: fields, senders, receivers. Pure."""
