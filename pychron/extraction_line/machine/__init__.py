"""The switch machine: rules, plans and the course of every actuation, pure."""
