"""The engine: tasks are started, read, signalled and moved through time."""
