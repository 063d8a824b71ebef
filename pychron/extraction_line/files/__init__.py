"""valves.xml and valves.yaml of a laboratory, read with every problem in them."""
