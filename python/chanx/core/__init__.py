"""Consumers, handlers and messages, independent of any web framework."""
