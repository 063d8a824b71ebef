"""Text to frozen specs: readers that keep line numbers, the grammar of initialization.xml and device files."""
