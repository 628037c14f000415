"""The bridge to a HiveMind hub: a satellite that answers for the device on its own bus."""
