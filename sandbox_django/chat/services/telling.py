"""Word to pages, once the change is kept: a page told earlier could ask again and not find it."""

from collections.abc import Iterable

from django.db import transaction

from chat.messages.group import ChatDetailEvent
from chat.messages.lobby import LobbyEvent, UnreadChangedMessage, UnreadPayload
from chat.models import ChatMember
from chat.utils import name_group_chat, name_lobby


def tell_group(group_pk: int, event: ChatDetailEvent) -> None:
    """To the pages that show the group."""
    from chat.consumers.chat_detail import ChatDetailConsumer  # which imports the services

    groups = [name_group_chat(group_pk)]
    transaction.on_commit(lambda: ChatDetailConsumer.broadcast_event_sync(event, groups))


def tell_users(user_pks: Iterable[int], event: LobbyEvent) -> None:
    """To the pages on which these users list their groups."""
    from chat.consumers.chat_lobby import ChatLobbyConsumer

    groups = [name_lobby(pk) for pk in user_pks]
    transaction.on_commit(lambda: ChatLobbyConsumer.broadcast_event_sync(event, groups))


def tell_unread(members: Iterable[ChatMember]) -> None:
    """To each member (of `with_unread`) how much is unread now."""
    for member in members:
        unread = UnreadPayload(group_id=member.group_chat_id, unread=member.unread)
        tell_users([member.user_id], UnreadChangedMessage(payload=unread))
