"""The live page of a node: its line as the lab drew it, who is there, what happened; read-only unless the root says otherwise."""
