"""The work of each class of node that a template may name."""
