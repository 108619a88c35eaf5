"""The engine: tasks are started, read, given signals and moved through time."""
