"""Plain consumers of Channels, one asynchronous and one synchronous."""

from asgiref.sync import async_to_sync
from channels.generic.websocket import AsyncJsonWebsocketConsumer, JsonWebsocketConsumer


class DeskConsumer(AsyncJsonWebsocketConsumer):
    """Everybody at a desk sees what anybody there writes."""

    async def connect(self):
        self.group = f"desk.{self.scope['url_route']['kwargs']['desk']}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content):
        if content.get("to") == "me":
            await self.channel_layer.send(self.channel_name, {"type": "desk.note", "text": content["text"]})
        else:
            await self.channel_layer.group_send(self.group, {"type": "desk.note", "text": content["text"]})

    async def desk_note(self, event):
        await self.send_json({"text": event["text"]})


class TickerConsumer(JsonWebsocketConsumer):
    """Headlines, published by `manage.py publish`."""

    def connect(self):
        async_to_sync(self.channel_layer.group_add)("ticker", self.channel_name)
        self.accept()

    def disconnect(self, code):
        async_to_sync(self.channel_layer.group_discard)("ticker", self.channel_name)

    def ticker_headline(self, event):
        self.send_json({"headline": event["text"]})
