"""The pure core: statuses, timelines, signals, and the replay of a task at one instant.

Imports only the standard library's data modules: no clock, no randomness, no I/O, no logging.
"""
