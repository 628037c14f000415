"""The wifi of a device on simulated radios: a router's networks, a phone, and real NetworkManager between them."""
