"""Typed, real-time WebSocket applications on Django Channels, with the hot path in C++."""

__version__ = "0.1.0"
