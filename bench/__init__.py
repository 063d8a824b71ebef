"""Ratios of this project against bare peers, measured in the same run on the same machine."""
