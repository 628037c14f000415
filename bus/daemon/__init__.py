"""What every daemon shares: runner, configuration, logging, exit codes."""
