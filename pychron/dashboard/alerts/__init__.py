"""Alerts: one episode a condition, on disk before it is sent and until somebody has it."""
