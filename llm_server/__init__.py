"""A small server of the OpenAI chat protocol, and the offline model that it carries."""
