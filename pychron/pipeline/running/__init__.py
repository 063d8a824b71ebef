"""A template at work: node by node, in pieces, on disk after each."""
