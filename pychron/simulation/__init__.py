"""Emulated instruments, the relay bank with its log, the virtual world."""
