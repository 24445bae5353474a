from chanx.channels.urls import *  # noqa: F403 -- the whole module, under its old name
