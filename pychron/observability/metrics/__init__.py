"""The node's plain counters in the form that Prometheus reads."""
