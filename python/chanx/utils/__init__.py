"""Small helpers that applications use too."""
