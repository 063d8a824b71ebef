"""One small, safe expression language for permits, alerts and conditionals."""
