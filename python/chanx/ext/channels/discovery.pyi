from chanx.channels.discovery import *  # noqa: F403 -- the whole module, under its old name
