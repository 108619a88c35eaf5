"""Reports: what of the scenarios and the contract a client has reached, and how it behaved (docs/reports.md)."""
