"""Plain counters that each room keeps, and the reader of the audit."""
