"""A small Django project for the tests: consumers, routes, an ASGI application and URLs."""
