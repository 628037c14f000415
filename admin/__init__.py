"""The admin service: changes the host over D-Bus, at the request of the bus."""
