"""The laboratory's records in git: repositories of analyses and the metadata repository, read."""
