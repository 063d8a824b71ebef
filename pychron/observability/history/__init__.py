"""What a node has seen: every value and event with its time, asked by page and command line."""
