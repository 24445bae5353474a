"""Management of the application."""
