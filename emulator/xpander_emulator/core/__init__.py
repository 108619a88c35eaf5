"""The pure core: what a task is, and where it stands at an instant.

Imports only the standard library's data modules: no clock, no randomness, no I/O, no logging.
"""
