"""What a pipeline may be made of, and how its file is read with every problem in it."""
