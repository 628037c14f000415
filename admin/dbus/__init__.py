"""The services of the host that the admin service calls, one to a file."""
