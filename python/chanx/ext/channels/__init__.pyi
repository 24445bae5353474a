from chanx.channels import *  # noqa: F403 -- the whole module, under its old name
