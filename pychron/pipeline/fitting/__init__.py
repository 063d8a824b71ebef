"""Series and references: what is fitted anew, by which rule, and whether it still agrees."""
