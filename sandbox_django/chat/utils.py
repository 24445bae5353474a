"""Names on the channel layer."""


def name_group_chat(pk: int) -> str:
    """The layer group of the members' pages of a group; no open room's name reaches it."""
    return f"group_chat.{pk}"
