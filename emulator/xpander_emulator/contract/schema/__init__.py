"""Schemas: what they say, which values they take, and how a value breaks them."""
