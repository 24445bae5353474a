"""Messages that manage topic subscriptions."""

from typing import Literal

from chanx.messages.base import BaseMessage


class SubscribeMessage(BaseMessage):
    """Asks for a topic; the topic itself is in the envelope."""

    action: Literal["subscribe"] = "subscribe"
    payload: None = None


class SubscribedMessage(BaseMessage):
    """Confirms a subscription."""

    action: Literal["subscribed"] = "subscribed"
    payload: None = None


class UnsubscribeMessage(BaseMessage):
    """Leaves a topic."""

    action: Literal["unsubscribe"] = "unsubscribe"
    payload: None = None


class UnsubscribedMessage(BaseMessage):
    """Confirms that a topic was left."""

    action: Literal["unsubscribed"] = "unsubscribed"
    payload: None = None
