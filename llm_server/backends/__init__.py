"""What can answer a chat completion: see `base.Backend` for what a back end has to offer."""
