"""park.yaml: what is closed by itself, when, and the verb Safe."""
