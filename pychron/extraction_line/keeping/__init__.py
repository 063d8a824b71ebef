"""What of the line lies in the node's file, and how it comes back after a start."""
