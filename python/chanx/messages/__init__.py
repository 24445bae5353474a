"""Messages: pydantic models with an ``action`` that frames are routed by."""
