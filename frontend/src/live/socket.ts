// A WebSocket that comes back by itself and answers for its own liveness.

import type { PongFrame } from "../api/types.ts";
import { Observable } from "./observable.ts";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const PING_EVERY_MS = 20_000;
const PONG_WITHIN_MS = 10_000;
const ESTABLISHED_WITHIN_MS = 15_000;

/** `waiting` for the next attempt; `refused` for good by a close code of 4400 to 4499; `closed` by the page. */
export type Connection =
  | { state: "connecting" | "open" | "closed"; code?: undefined; retryAt?: undefined }
  | { state: "waiting"; code?: undefined; retryAt: number }
  | { state: "refused"; code: number; retryAt?: undefined };

/** The pause before the next attempt: doubling, and with a random part, so that not all pages come at once. */
export function backOff(failures: number, random: number = Math.random()): number {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 16));
  return longest * (0.5 + random / 2);
}

type Frame = { type: string };

/**
 * The connection counts as open once the server has answered a ping sent after its first frame,
 * `connection_established`. It takes frames one after the other, so by then the connection has joined its groups:
 * what is fetched from there on has no gap to what it hears.
 */
export class LiveSocket<In extends Frame, Out extends Frame> {
  readonly connection = new Observable<Connection>({ state: "closed" });
  #socket: WebSocket | null = null;
  #failures = 0;
  /** What has come before the connection counts as open. */
  #early: Exclude<In, PongFrame>[] = [];
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heart: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string,
    private readonly onFrame: (frame: Exclude<In, PongFrame>) => void,
  ) {}

  open(): void {
    addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    this.#failures = 0;
    this.#connect();
  }

  close(): void {
    removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    this.#forget();
    this.connection.set({ state: "closed" });
  }

  /** Sends a frame; false if the connection is not open, so that nothing is lost unseen. */
  send(frame: Out): boolean {
    if (this.connection.get().state !== "open") return false;
    this.#write(frame);
    return true;
  }

  /** Tries now instead of at the end of the pause, also after a refusal. */
  readonly retryNow = (): void => {
    const { state } = this.connection.get();
    if (state === "waiting" || state === "refused") this.#connect();
  };

  readonly #wake = (): void => {
    const { state } = this.connection.get();
    if (document.visibilityState !== "visible") return;
    if (state === "waiting") this.#connect();
    else if (state === "open") this.#ping(); // after a sleep the connection may be a dead one
  };

  #connect(): void {
    this.#forget();
    this.connection.set({ state: "connecting" });
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onmessage = (event) => this.#receive(String(event.data));
    socket.onclose = (event) => this.#lost(event.code);
    this.#deadline = setTimeout(() => this.#lost(0), ESTABLISHED_WITHIN_MS);
  }

  #receive(text: string): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    let frame: In;
    try {
      frame = JSON.parse(text) as In;
    } catch {
      console.error("AI chat: a frame that is not JSON", text);
      return;
    }
    const connecting = this.connection.get().state === "connecting";
    if (frame.type === "pong") {
      if (connecting) this.#opened();
      return;
    }
    const other = frame as Exclude<In, PongFrame>;
    if (!connecting) {
      this.onFrame(other);
      return;
    }
    this.#early.push(other);
    if (frame.type === "connection_established") this.#ping();
  }

  #opened(): void {
    this.#failures = 0;
    this.#heart = setInterval(() => this.#ping(), PING_EVERY_MS);
    this.connection.set({ state: "open" });
    const early = this.#early;
    this.#early = [];
    for (const frame of early) this.onFrame(frame);
  }

  #ping(): void {
    this.#write({ type: "ping" });
    this.#deadline ??= setTimeout(() => this.#lost(0), PONG_WITHIN_MS);
  }

  #write(frame: Frame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  #lost(code: number): void {
    this.#forget();
    if (code >= 4400 && code < 4500) {
      this.connection.set({ state: "refused", code });
      return;
    }
    const delay = backOff(this.#failures);
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), delay);
    this.connection.set({ state: "waiting", retryAt: Date.now() + delay });
  }

  #forget(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#deadline);
    clearInterval(this.#heart);
    this.#deadline = undefined;
    this.#early = [];
    if (this.#socket) {
      this.#socket.onmessage = null;
      this.#socket.onclose = null;
      this.#socket.close();
      this.#socket = null;
    }
  }
}
