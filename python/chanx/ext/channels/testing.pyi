from chanx.channels.testing import *  # noqa: F403 -- the whole module, under its old name
