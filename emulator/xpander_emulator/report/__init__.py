"""What a suite never met, and how its client behaved. docs/reports.md defines every word that is counted or told."""
