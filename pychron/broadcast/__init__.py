"""Notifier and subscriber over ZMQ; the only room that imports txzmq."""
