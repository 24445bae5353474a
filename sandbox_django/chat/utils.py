"""Names on the channel layer; no open room's name reaches any, for rooms are in `room.<name>`."""


def name_group_chat(pk: int) -> str:
    """The layer group of the members' pages of a group."""
    return f"group_chat.{pk}"


def name_presence(pk: int) -> str:
    """The layer group of those pages that asked who is online."""
    return f"group_chat.{pk}.presence"


def name_lobby(user_pk: int) -> str:
    """The layer group of a user's pages that list groups."""
    return f"chat_lobby.{user_pk}"
