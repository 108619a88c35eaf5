"""Stores: where the facts of tasks and namespaces are kept."""
