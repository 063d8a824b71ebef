"""The pychron command."""
