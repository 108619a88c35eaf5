"""The emulated API: one handler for each action that a contract can name."""
