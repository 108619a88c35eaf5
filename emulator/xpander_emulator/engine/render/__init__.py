"""Rendering: a snapshot of a task becomes the body that a client gets."""
