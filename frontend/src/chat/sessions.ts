// The list of chats: kept live by its own connection.

import type { ListIn, ListOut, PongFrame, Session } from "../api/types.ts";
import { Observable } from "../live/observable.ts";
import { LiveSocket } from "../live/socket.ts";

function latestFirst(a: Session, b: Session): number {
  return b.updated_at.localeCompare(a.updated_at);
}

export function withSession(sessions: readonly Session[], session: Session): readonly Session[] {
  const others = sessions.filter(({ id }) => id !== session.id);
  return session.is_active ? [...others, session].sort(latestFirst) : others;
}

export class SessionList {
  /** Null until the list is here. */
  readonly sessions = new Observable<readonly Session[] | null>(null);
  readonly #socket: LiveSocket<ListIn, ListOut>;

  constructor(sockets: string) {
    this.#socket = new LiveSocket(`${sockets}sessions/`, (frame) => this.#receive(frame));
  }

  get connection(): LiveSocket<ListIn, ListOut>["connection"] {
    return this.#socket.connection;
  }

  open(): void {
    this.#socket.open();
  }

  close(): void {
    this.#socket.close();
  }

  readonly reconnect = (): void => this.#socket.retryNow();

  /** Takes over what a request has answered; the frame about it may come before or after. */
  put(session: Session): void {
    this.sessions.set(withSession(this.sessions.get() ?? [], session));
  }

  remove(id: string): void {
    this.sessions.set((this.sessions.get() ?? []).filter((session) => session.id !== id));
  }

  #receive(frame: Exclude<ListIn, PongFrame>): void {
    switch (frame.type) {
      case "connection_established":
        this.#socket.send({ type: "list" });
        break;
      case "session_list":
        this.sessions.set(frame.sessions.toSorted(latestFirst));
        break;
      case "session_created":
      case "session_updated":
        this.put(frame.session);
        break;
      case "session_deleted":
        this.remove(frame.session_id);
        break;
      case "error":
        console.error("AI chat: the list of chats:", frame.message);
    }
  }
}
