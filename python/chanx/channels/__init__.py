"""The Django Channels side of the package."""

default_app_config = "chanx.channels.apps.ChanxChannelsConfig"
