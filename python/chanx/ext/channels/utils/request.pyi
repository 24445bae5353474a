from chanx.channels.utils.request import *  # noqa: F403 -- the whole module, under its old name
