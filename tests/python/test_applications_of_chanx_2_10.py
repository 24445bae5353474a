"""An application and its tests as one writes them for chanx 2.10; they run unchanged on 2.10.2 and here.

A shop's order desk: one connection for its clerks, a topic for each order, events from the payment side.
"""

from typing import Any, Literal

import pytest
from channels.routing import URLRouter
from django.contrib.auth.models import User
from pydantic import BaseModel
from rest_framework.permissions import IsAuthenticated

from chanx.asyncapi.generator import AsyncAPIGenerator
from chanx.channels.authenticator import DjangoAuthenticator
from chanx.channels.discovery import DjangoRouteDiscovery
from chanx.channels.routing import path
from chanx.channels.testing import WebsocketCommunicator, WebsocketTestCase
from chanx.channels.utils.settings import override_chanx_settings
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import channel, event_handler, ws_handler
from chanx.core.testing import capture_broadcast_events, capture_topic_broadcasts
from chanx.core.topic import Topic
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage


class OrderPayload(BaseModel):
    order_id: int
    total_cents: int = 0


class OrderPaid(BaseMessage):
    action: Literal["order_paid"] = "order_paid"
    payload: OrderPayload


class OrderShipped(BaseMessage):
    action: Literal["order_shipped"] = "order_shipped"
    payload: OrderPayload


class ShopClosing(BaseMessage):
    action: Literal["shop_closing"] = "shop_closing"
    payload: str


class AddItem(BaseMessage):
    action: Literal["add_item"] = "add_item"
    payload: str


class ItemAdded(BaseMessage):
    action: Literal["item_added"] = "item_added"
    payload: list[str]


class OrderTopic(Topic[OrderPaid]):
    """One order; only even ones may be watched."""

    pattern = "order:{order_id}"

    async def authorize(self, order_id: str, **params: str) -> bool:
        return int(order_id) % 2 == 0

    async def on_subscribe(self) -> None:
        self.items: list[str] = []

    @ws_handler
    async def handle_add_item(self, message: AddItem) -> ItemAdded:
        self.items.append(message.payload)
        return ItemAdded(payload=self.items)

    @event_handler
    async def handle_paid(self, event: OrderPaid) -> OrderPaid:
        return event


class DeskAuthenticator(DjangoAuthenticator):
    permission_classes = [IsAuthenticated]


@channel(name="desk", description="The clerks' desk", tags=["shop"])
class DeskConsumer(AsyncJsonWebsocketConsumer[OrderShipped | ShopClosing]):  # type: ignore[type-var]  # a union, as in 2.10
    authenticator_class = DeskAuthenticator
    groups = ["desk"]
    extra_groups = ["shop"]
    topics = [OrderTopic]
    passthrough_events = [ShopClosing]

    @ws_handler(summary="Ping")
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        return PongMessage()

    @event_handler
    async def handle_shipped(self, event: OrderShipped) -> OrderShipped:
        return event


class InScope:
    """Puts a user into the scope."""

    def __init__(self, inner: Any, user: Any) -> None:
        self.inner, self.user = inner, user

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope["user"] = self.user
        await self.inner(scope, receive, send)


class TestDesk(WebsocketTestCase):
    consumer = DeskConsumer
    ws_path = "/desk/"

    def setUp(self) -> None:
        super().setUp()
        self.router = InScope(
            URLRouter([path("desk/", DeskConsumer.as_asgi())]), User.objects.create_user("a")
        )

    async def connected(self) -> WebsocketCommunicator:
        communicator = self.create_communicator()
        await communicator.connect()
        await communicator.assert_authenticated_status_ok()
        return communicator

    async def test_a_topic_keeps_its_own_state_and_answers_with_the_reference(self) -> None:
        desk = await self.connected()
        assert (await desk.subscribe("order:2", ref="s"))["ref"] == "s"
        for item, expected in (("pen", ["pen"]), ("ink", ["pen", "ink"])):
            await desk.send_message(AddItem(payload=item), topic="order:2", ref="r")
            answer = await desk.receive_json_from()
            assert answer == {
                "action": "item_added",
                "payload": expected,
                "version": 1,
                "topic": "order:2",
                "ref": "r",
            }

    async def test_a_topic_that_is_not_allowed_is_refused(self) -> None:
        desk = await self.connected()
        assert (await desk.subscribe("order:3"))["payload"]["reason"] == "unauthorized"

    async def test_pushes_reach_the_subscribers_of_their_topic_only(self) -> None:
        one, two = await self.connected(), await self.connected()
        await one.subscribe("order:2")
        await two.subscribe("order:4")
        paid = OrderPaid(payload=OrderPayload(order_id=2, total_cents=150))
        await OrderTopic.broadcast("order:2", paid, seq=7)
        assert await one.receive_topic_message(OrderTopic) == paid
        assert await two.receive_nothing(0.05)

    async def test_events_and_passthrough_events_reach_every_desk(self) -> None:
        desk = await self.connected()
        shipped = OrderShipped(payload=OrderPayload(order_id=1))
        await DeskConsumer.broadcast_event(shipped, ["shop"])
        assert await desk.receive_json_from() == shipped.model_dump()
        closing = ShopClosing(payload="five minutes")
        await DeskConsumer.broadcast_event(closing)
        received = [await desk.receive_json_from() for _ in range(2)]  # once for each default group
        assert received == [closing.model_dump()] * 2

    @override_chanx_settings(SEND_COMPLETION=True, CAMELIZE=True)
    async def test_settings_hold_from_here_on(self) -> None:
        desk = await self.connected()
        await desk.send_message(PingMessage())
        assert await desk.receive_all_messages() == [PongMessage()]
        await DeskConsumer.broadcast_event(OrderShipped(payload=OrderPayload(order_id=1)), ["shop"])
        assert '"orderId"' in await desk.receive_from()


async def test_broadcasts_are_captured() -> None:
    shipped = OrderShipped(payload=OrderPayload(order_id=1))
    with capture_broadcast_events(DeskConsumer) as captured:
        await DeskConsumer.broadcast_event(shipped, groups=["shop"])
    assert [(item.event, item.groups) for item in captured] == [(shipped, ["shop"])]
    with capture_topic_broadcasts(OrderTopic) as pushed:
        await OrderTopic.broadcast("order:2", OrderPaid(payload=OrderPayload(order_id=2)), seq=3)
    assert [(item.topic, item.seq) for item in pushed] == [("order:2", 3)]


def test_the_document_has_the_channel_and_its_messages() -> None:
    routes: list[Any] = []
    router = URLRouter([path("desk/", DeskConsumer.as_asgi())])
    DjangoRouteDiscovery().extract_routes_from_router(router, "", routes, "ws://localhost")
    document = AsyncAPIGenerator(routes, title="Shop").generate()
    assert document["asyncapi"] == "3.0.0"
    assert "desk" in document["channels"]
    assert {"order_shipped", "ping_message", "pong_message", "shop_closing"} <= {
        name for channel in document["channels"].values() for name in channel["messages"]
    }


def test_two_handlers_for_one_action_are_refused() -> None:
    with pytest.raises(TypeError, match="ping"):

        class Twice(AsyncJsonWebsocketConsumer):
            @ws_handler
            async def one(self, _message: PingMessage) -> PongMessage:
                return PongMessage()

            @ws_handler
            async def two(self, _message: PingMessage) -> PongMessage:
                return PongMessage()
