"""Scenarios: the language in which an author tells what a task does, compiled to timelines."""
