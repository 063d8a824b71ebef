"""Switches of other nodes: valve controllers of ours and installed ones, and lines mixed of both."""
