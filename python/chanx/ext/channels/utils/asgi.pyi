from chanx.channels.utils.asgi import *  # noqa: F403 -- the whole module, under its old name
