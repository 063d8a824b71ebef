"""The node's SQLite file: intents, outcomes, locks, claims, counts, audit; written outside the reactor's thread."""
