"""From records to ages of analyses and of groups."""
