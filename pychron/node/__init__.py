"""What a node is: root, roles, plugin table, assembly, the real world, exit status."""
