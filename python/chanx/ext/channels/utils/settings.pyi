from chanx.channels.utils.settings import *  # noqa: F403 -- the whole module, under its old name
