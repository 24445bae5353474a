// What is known of one chat, and how each frame and each fetched page changes it. No I/O here.

import type { Message, Page, PongFrame, Session, SessionIn } from "../api/types.ts";
import { addPiece, codePoints } from "./answer.ts";

/** A message of the person that the server has not confirmed. */
export interface Outgoing {
  key: number;
  text: string;
  /** `waiting` for a connection; `sending`; `unsure` whether it arrived; `refused` by the server. */
  status: "waiting" | "sending" | "unsure" | "refused";
  error: string;
}

/** The answer that is being written, and the position up to which its text is here. */
export interface Stream {
  id: string;
  position: number;
  /** A `resume` is under way: later pieces are dropped until the rest is here. */
  resuming: boolean;
}

export interface ChatState {
  /** Oldest first. */
  messages: readonly Message[];
  outgoing: readonly Outgoing[];
  stream: Stream | null;
  /** How many pages of older messages there are to load, as far as known. */
  hasEarlier: boolean;
  session: Session | null;
  notice: string;
  problem: string;
  /** Another window of this session is being typed in. */
  othersType: boolean;
  deleted: boolean;
}

export const NEW_CHAT: ChatState = {
  messages: [],
  outgoing: [],
  stream: null,
  hasEarlier: false,
  session: null,
  notice: "",
  problem: "",
  othersType: false,
  deleted: false,
};

export type LiveFrame = Exclude<SessionIn, PongFrame>;

/** The next state, and from where the rest of an answer has to be asked for, if at all. */
export interface Step {
  state: ChatState;
  resume?: { message_id: string; offset: number };
}

function blank(id: string): Message {
  const created_at = new Date().toISOString();
  return { id, role: "assistant", content: "", created_at, status: "streaming", error: "", model: "", tool_calls: [] };
}

function put(messages: readonly Message[], message: Message): readonly Message[] {
  const known = messages.some(({ id }) => id === message.id);
  return known ? messages.map((old) => (old.id === message.id ? message : old)) : [...messages, message];
}

/** Takes out the first unconfirmed message with this text. */
function confirm(outgoing: readonly Outgoing[], text: string): readonly Outgoing[] {
  const found = outgoing.find((item) => item.status !== "waiting" && item.text === text.trim());
  return found ? outgoing.filter((item) => item !== found) : outgoing;
}

function started(state: ChatState, id: string): ChatState {
  const known = state.messages.find((message) => message.id === id);
  if (known?.status === "streaming" && state.stream?.id === id) return state;
  return { ...state, messages: put(state.messages, blank(id)), stream: { id, position: 0, resuming: false } };
}

function piece(before: ChatState, id: string, offset: number, content: string): Step {
  const known = before.messages.find((message) => message.id === id);
  if (known && known.status !== "streaming") return { state: before };
  const state = before.stream?.id === id ? before : started(before, id);
  const stream = state.stream as Stream;
  const message = state.messages.find((item) => item.id === id) as Message;
  const answer = addPiece({ text: message.content, position: stream.position }, offset, content);
  if (answer === null) {
    if (stream.resuming) return { state };
    return {
      state: { ...state, stream: { ...stream, resuming: true } },
      resume: { message_id: id, offset: stream.position },
    };
  }
  return {
    state: {
      ...state,
      messages: put(state.messages, { ...message, content: answer.text }),
      stream: { id, position: answer.position, resuming: false },
    },
  };
}

function ended(state: ChatState, message: Message): ChatState {
  const stream = state.stream?.id === message.id && message.status !== "streaming" ? null : state.stream;
  return { ...state, stream, messages: put(state.messages, message) };
}

function failed(state: ChatState, text: string): ChatState {
  // The error of an answer stands in the answer; a frame that was refused is the one that is being sent.
  if (state.messages.at(-1)?.error === text) return state;
  const refused = state.outgoing.find((item) => item.status === "sending");
  if (!refused) return { ...state, problem: text };
  const outgoing = state.outgoing.map((item): Outgoing =>
    item === refused ? { ...item, status: "refused", error: text } : item,
  );
  return { ...state, outgoing };
}

export function receive(state: ChatState, frame: LiveFrame): Step {
  switch (frame.type) {
    case "connection_established":
      return { state: { ...state, notice: frame.notice ?? "", problem: "" } };
    case "user_message": {
      const { message } = frame;
      return {
        state: {
          ...state,
          messages: put(state.messages, message),
          outgoing: confirm(state.outgoing, message.content),
          othersType: false,
          problem: "",
        },
      };
    }
    case "ai_typing":
      return { state: { ...started(state, frame.message_id), problem: "" } };
    case "ai_message_chunk":
      return piece(state, frame.message_id, frame.offset, frame.content);
    case "ai_message_complete":
    case "message_updated":
      return { state: ended(state, frame.message) };
    case "messages_removed": {
      const gone = new Set(frame.message_ids);
      const stream = state.stream && gone.has(state.stream.id) ? null : state.stream;
      return { state: { ...state, stream, messages: state.messages.filter(({ id }) => !gone.has(id)) } };
    }
    case "user_typing":
      return { state: { ...state, othersType: true } };
    case "user_stop_typing":
      return { state: { ...state, othersType: false } };
    case "session_updated":
      return { state: { ...state, session: frame.session } };
    case "session_deleted":
      return { state: { ...state, deleted: true, stream: null } };
    case "error":
      return { state: failed(state, frame.message) };
  }
}

/**
 * Takes over the latest page of messages, fetched after connecting.
 *
 * Of an answer that is still being written the text that is here is kept, so that only the rest has to be sent.
 */
export function adopt(state: ChatState, page: Page<Message>): Step {
  const fetched = page.results.toReversed();
  const local = new Map(state.messages.map((message) => [message.id, message]));
  const first = fetched[0];
  const since = first ? state.messages.findIndex(({ id }) => id === first.id) : -1;
  const older = since > 0 ? state.messages.slice(0, since) : [];
  const running = fetched.findLast(({ status }) => status === "streaming");
  let stream: Stream | null = null;
  const latest = fetched.map((message) => {
    if (message !== running) return message;
    const content = local.get(message.id)?.status === "streaming" ? (local.get(message.id)?.content ?? "") : "";
    stream = { id: message.id, position: codePoints(content), resuming: true };
    return { ...message, content };
  });
  let outgoing = state.outgoing;
  for (const message of fetched) {
    if (message.role === "user" && !local.has(message.id)) outgoing = confirm(outgoing, message.content);
  }
  outgoing = outgoing.map((item) => (item.status === "sending" ? { ...item, status: "unsure" } : item));
  const next: ChatState = {
    ...state,
    messages: [...older, ...latest],
    outgoing,
    stream,
    hasEarlier: older.length > 0 ? state.hasEarlier : page.next !== null,
  };
  const asked = stream as Stream | null; // assigned in the callback above, which the compiler does not follow
  return asked ? { state: next, resume: { message_id: asked.id, offset: asked.position } } : { state: next };
}

/** Takes over a page of older messages. */
export function prepend(state: ChatState, page: Page<Message>): ChatState {
  const known = new Set(state.messages.map(({ id }) => id));
  const older = page.results.filter(({ id }) => !known.has(id)).toReversed();
  return { ...state, messages: [...older, ...state.messages], hasEarlier: page.next !== null };
}
