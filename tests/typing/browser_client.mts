// What TypeScript makes of the browser client of tests/project; tools/check_typescript.sh has tsc check it.
import { GameClient, Line, PongMessage, RoomClient, RunsClient, State } from "./client/index.js";

const room = new RoomClient({ room: "red" }, { query: { token: "x" } });
room.on("heard", (message) => { const text: string = message.payload.text; void text; });
room.on("tick", (message) => { const count: number = message.payload; void count; });
room.on("*", (message) => { if (message.action === "pong") { const pong: PongMessage = message; void pong; } });
room.send({ action: "ping" });
room.send({ action: "say", payload: { text: "hi" } });
// @ts-expect-error an action that clients do not send
room.send({ action: "heard", payload: { text: "hi" } });
// @ts-expect-error a payload of another type
room.send({ action: "say", payload: 3 });
// @ts-expect-error an action that never comes
room.on("nonsense", () => {});
// @ts-expect-error the path has a parameter
new RoomClient();
const state: State = room.state;
const line: Line = { text: "x" };
const run = new RunsClient().runTopic(7);
const answer = await run.request({ action: "say", payload: line });
if (answer.action === "heard") console.log(answer.payload.text, state);
const game = new GameClient();
game.on("moved", (message) => { const square: string = message.last_move.to_square; void square; });
game.send({ type: "move", from_square: "e2", to_square: "e4" });
// @ts-expect-error told apart by its type, not by an action
game.send({ action: "move", from_square: "e2", to_square: "e4" });
