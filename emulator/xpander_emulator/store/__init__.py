"""Stores: the facts of tasks and namespaces in memory, in SQLite or in Redis."""
