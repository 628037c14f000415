"""One vendor library per file, behind the ports of `enclosure.ports`."""
