"""Connects a device to other systems of a home. Each bridge knows the bus, and one wire."""
