"""Answers that the server writes on its own: started by one client, followed and resumed by others, kept on disk."""
