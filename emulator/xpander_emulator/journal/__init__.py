"""The journal: what was asked and what was answered."""
