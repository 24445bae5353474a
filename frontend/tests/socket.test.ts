import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ListIn, ListOut } from "../src/api/types.ts";
import { backOff, LiveSocket } from "../src/live/socket.ts";

/** The browser's WebSocket, as far as it is used; the test is the server. */
class Wire {
  static opened: Wire[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: unknown[] = [];
  closed = false;

  constructor(readonly url: string) {
    Wire.opened.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  says(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

function wire(index = -1): Wire {
  const found = Wire.opened.at(index);
  if (!found) throw new Error("no connection has been tried");
  return found;
}

const HELLO = { type: "connection_established", message: "" };

/** The server lets the connection in, as far as its answer to the page's first ping. */
function welcomes(server: Wire): void {
  server.says(HELLO);
  expect(server.sent.splice(0)).toEqual([{ type: "ping" }]);
  server.says({ type: "pong" });
}
let frames: { type: string }[];
let socket: LiveSocket<ListIn, ListOut>;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Wire);
  Wire.opened = [];
  frames = [];
  socket = new LiveSocket("ws://host/ws/ai-chat/sessions/", (frame) => frames.push(frame));
  socket.open();
});

afterEach(() => {
  socket.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a connection", () => {
  test("is open with the answer to its first ping, and sends nothing of the page's before", () => {
    const session_deleted = { type: "session_deleted", session_id: "s" };
    expect(socket.connection.get().state).toBe("connecting");
    wire().says(HELLO);
    wire().says(session_deleted);
    expect(socket.connection.get().state).toBe("connecting");
    expect(socket.send({ type: "list" })).toBe(false);
    expect(frames).toEqual([]);
    expect(wire().sent.splice(0)).toEqual([{ type: "ping" }]);
    wire().says({ type: "pong" });
    expect(socket.connection.get().state).toBe("open");
    expect(frames.splice(0)).toEqual([HELLO, session_deleted]);
    expect(socket.send({ type: "list" })).toBe(true);
    expect(wire().sent).toEqual([{ type: "list" }]);
  });

  test("comes back after growing pauses, and the pauses begin anew once it was open", () => {
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      wire().onclose?.({ code: 1006 });
      const { state, retryAt } = socket.connection.get();
      expect(state).toBe("waiting");
      pauses.push((retryAt ?? 0) - Date.now());
      vi.advanceTimersByTime(15_000);
    }
    expect(pauses[0]).toBeLessThanOrEqual(500);
    expect(pauses[8]).toBeGreaterThan(7_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(15_000);
    expect(Wire.opened).toHaveLength(10);
    welcomes(wire());
    wire().onclose?.({ code: 1012 });
    expect((socket.connection.get().retryAt ?? 0) - Date.now()).toBeLessThanOrEqual(500);
  });

  test("takes 4400 to 4499 for an answer, and everything else for an accident", () => {
    wire().onclose?.({ code: 4401 });
    expect(socket.connection.get()).toEqual({ state: "refused", code: 4401 });
    vi.advanceTimersByTime(60_000);
    expect(Wire.opened).toHaveLength(1);
    socket.retryNow();
    expect(Wire.opened).toHaveLength(2);
    wire().onclose?.({ code: 4500 });
    expect(socket.connection.get().state).toBe("waiting");
  });

  test("that answers no ping is given up and made again", () => {
    welcomes(wire());
    vi.advanceTimersByTime(20_000);
    expect(wire().sent).toEqual([{ type: "ping" }]);
    wire().says({ type: "pong" });
    vi.advanceTimersByTime(15_000);
    expect(socket.connection.get().state).toBe("open");
    expect(frames).toEqual([HELLO]); // a pong is nobody else's business
    vi.advanceTimersByTime(5_000 + 10_000);
    expect(socket.connection.get().state).toBe("waiting");
    expect(wire().closed).toBe(true);
    vi.advanceTimersByTime(500);
    expect(Wire.opened).toHaveLength(2);
  });

  test("that never says its first frame is given up", () => {
    vi.advanceTimersByTime(15_000);
    expect(socket.connection.get().state).toBe("waiting");
  });

  test("is tried at once when the machine is online again", () => {
    wire().onclose?.({ code: 1006 });
    wire().onclose?.({ code: 1006 });
    dispatchEvent(new Event("online"));
    expect(Wire.opened).toHaveLength(2);
    expect(socket.connection.get().state).toBe("connecting");
  });

  test("that the page closes stays closed", () => {
    welcomes(wire());
    socket.close();
    expect(wire().closed).toBe(true);
    dispatchEvent(new Event("online"));
    vi.advanceTimersByTime(60_000);
    expect(Wire.opened).toHaveLength(1);
    expect(socket.connection.get().state).toBe("closed");
  });
});

test("pauses double up to 15 seconds, with a random half", () => {
  expect([0, 1, 2, 5, 40].map((failures) => backOff(failures, 1))).toEqual([500, 1000, 2000, 15000, 15000]);
  expect(backOff(0, 0)).toBe(250);
});
