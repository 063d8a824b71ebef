"""The script language, its runner in a child process, and the dry run."""
