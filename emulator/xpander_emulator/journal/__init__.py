"""The journal: requests and their responses."""
