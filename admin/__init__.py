"""The admin service: changes the host when the bus asks for it, through D-Bus, and does nothing else."""
