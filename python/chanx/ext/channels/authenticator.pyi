from chanx.channels.authenticator import *  # noqa: F403 -- the whole module, under its old name
