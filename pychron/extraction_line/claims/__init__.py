"""Who owns which switches, for how long, and what it means to the others."""
