"""Requests: parameters and bodies read from the wire and validated; responses validated before they are sent."""
