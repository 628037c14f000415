"""The contract: every message type with its fields, senders and receivers. Pure."""
