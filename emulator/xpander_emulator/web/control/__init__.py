"""The control API, below /__emulator."""
