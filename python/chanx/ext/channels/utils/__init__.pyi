from chanx.channels.utils import *  # noqa: F403 -- the whole module, under its old name
