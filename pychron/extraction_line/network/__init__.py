"""The gas network: a lab's own canvas files, the graph that they draw, and which volumes are connected now."""
