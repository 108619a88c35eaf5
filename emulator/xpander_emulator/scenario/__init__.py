"""Scenarios: YAML in which an author describes what a task does, compiled to timelines."""
