"""The node's event bus; each room owns its events."""
