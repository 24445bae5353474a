from chanx.channels.routing import *  # noqa: F403 -- the whole module, under its old name
