"""Channels and drivers: one small file a driver with its codec."""
