"""The bus on its sockets: listener, connections, hub, and who may do what."""
