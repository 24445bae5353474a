from chanx.channels.apps import *  # noqa: F403 -- the whole module, under its old name
