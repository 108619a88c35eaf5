"""A local emulator of the xpander.ai workflow API, in which every task is its own state machine."""

__version__ = "0.1.0"
