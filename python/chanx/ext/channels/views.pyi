from chanx.channels.views import *  # noqa: F403 -- the whole module, under its old name
