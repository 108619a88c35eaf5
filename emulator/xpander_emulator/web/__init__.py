"""HTTP: routes made from contracts, requests checked against them, answers checked before they are sent."""
