"""The switch machine, interlocks, locks, owners, words, manager, remote line, status monitor."""
