"""Typed clients made from AsyncAPI documents."""
