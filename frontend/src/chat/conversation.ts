// One open chat: its connection, its state, and what the person can do.

import { type Api, ApiError } from "../api/rest.ts";
import type { Message, SessionIn, SessionOut } from "../api/types.ts";
import { Observable } from "../live/observable.ts";
import { LiveSocket } from "../live/socket.ts";
import { adopt, type ChatState, type LiveFrame, NEW_CHAT, type Outgoing, prepend, receive, type Step } from "./state.ts";

const TYPING_EVERY_MS = 2_000;
const TYPING_ENDS_MS = 4_000;
const OTHERS_TYPE_MS = 8_000;
const PAGE_SIZE = 50;

export type Loading = "loading" | "ready" | "failed";

let nextKey = 1;

export class Conversation {
  readonly state = new Observable<ChatState>(NEW_CHAT);
  readonly loading = new Observable<Loading>("loading");
  readonly #socket: LiveSocket<SessionIn, SessionOut>;
  /** Frames that arrive while the messages are being fetched; null when none are. */
  #held: LiveFrame[] | null = null;
  /** Counts connections: what was fetched for an earlier one is not taken over. */
  #generation = 0;
  #typingSaid = 0;
  #typingEnds: ReturnType<typeof setTimeout> | undefined;
  #othersEnd: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: string,
    sockets: string,
    private readonly api: Api,
  ) {
    this.#socket = new LiveSocket(`${sockets}session/${id}/?chunks=delta`, (frame) => this.#receive(frame));
  }

  get connection(): LiveSocket<SessionIn, SessionOut>["connection"] {
    return this.#socket.connection;
  }

  open(): void {
    this.#socket.open();
  }

  close(): void {
    clearTimeout(this.#typingEnds);
    clearTimeout(this.#othersEnd);
    this.#generation += 1;
    this.#socket.close();
  }

  readonly reconnect = (): void => this.#socket.retryNow();

  /** Sends a message, at once or when the connection is back. */
  send(text: string): void {
    this.typed(false);
    const item: Outgoing = { key: nextKey++, text: text.trim(), status: "waiting", error: "" };
    this.#update({ outgoing: [...this.state.get().outgoing, item], problem: "" });
    this.#flush();
  }

  sendAgain(key: number): void {
    const outgoing = this.state
      .get()
      .outgoing.map((item): Outgoing => (item.key === key ? { ...item, status: "waiting", error: "" } : item));
    this.#update({ outgoing });
    this.#flush();
  }

  discard(key: number): void {
    this.#update({ outgoing: this.state.get().outgoing.filter((item) => item.key !== key) });
  }

  stop(): boolean {
    return this.#socket.send({ type: "stop" });
  }

  retry(messageId: string): boolean {
    this.#update({ problem: "" });
    return this.#socket.send({ type: "retry", message_id: messageId });
  }

  edit(messageId: string, text: string): boolean {
    this.#update({ problem: "" });
    return this.#socket.send({ type: "edit_message", message_id: messageId, message: text.trim() });
  }

  dismissProblem(): void {
    this.#update({ problem: "" });
  }

  /** Tells the session's other windows, not at each key, that this one is being typed in. */
  typed(typing: boolean): void {
    clearTimeout(this.#typingEnds);
    if (!typing) {
      if (this.#typingSaid) this.#socket.send({ type: "stop_typing" });
      this.#typingSaid = 0;
      return;
    }
    if (Date.now() - this.#typingSaid > TYPING_EVERY_MS && this.#socket.send({ type: "typing" })) {
      this.#typingSaid = Date.now();
    }
    this.#typingEnds = setTimeout(() => this.typed(false), TYPING_ENDS_MS);
  }

  async loadEarlier(): Promise<void> {
    const page = Math.floor(this.state.get().messages.length / PAGE_SIZE) + 1;
    try {
      this.state.set(prepend(this.state.get(), await this.api.messages(this.id, page)));
    } catch (error) {
      this.#update({ problem: error instanceof ApiError ? error.message : String(error) });
    }
  }

  /** Fetches the messages, and after them handles the frames that came meanwhile. */
  async load(): Promise<void> {
    const generation = ++this.#generation;
    this.#held ??= [];
    if (this.loading.get() === "failed") this.loading.set("loading");
    try {
      const [page, session] = await Promise.all([this.api.messages(this.id), this.api.session(this.id)]);
      if (generation !== this.#generation) return;
      this.#apply(adopt({ ...this.state.get(), session, othersType: false }, page));
      this.loading.set("ready");
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#update({ problem: error instanceof ApiError ? error.message : String(error) });
      this.loading.set("failed");
    }
    const held = this.#held;
    this.#held = null;
    for (const frame of held) this.#apply(receive(this.state.get(), frame));
    this.#flush();
  }

  #receive(frame: LiveFrame): void {
    if (frame.type === "connection_established") {
      this.#held = null; // of the connection before this one: the messages are fetched anew
      this.#apply(receive(this.state.get(), frame));
      void this.load();
    } else if (this.#held) {
      this.#held.push(frame);
    } else {
      if (frame.type === "ai_message_complete") this.#compare(frame.message);
      this.#apply(receive(this.state.get(), frame));
      this.#flush();
      if (frame.type === "user_typing") {
        clearTimeout(this.#othersEnd);
        this.#othersEnd = setTimeout(() => this.#update({ othersType: false }), OTHERS_TYPE_MS);
      }
    }
  }

  /** The whole text, which ends an answer, mends what was shown; that it had to is a fault worth a line. */
  #compare({ id, content, status }: Message): void {
    const shown = this.state.get().messages.find((message) => message.id === id);
    if (shown?.status !== "streaming" || status !== "complete" || shown.content === content) return;
    console.error(`AI chat: an answer was shown with ${shown.content.length} of its ${content.length} characters`);
  }

  #apply({ state, resume }: Step): void {
    this.state.set(state);
    if (resume) this.#socket.send({ type: "resume", ...resume });
  }

  #update(changes: Partial<ChatState>): void {
    this.state.set({ ...this.state.get(), ...changes });
  }

  /** Sends the first waiting message, unless an answer is being written or the messages are not here yet. */
  #flush(): void {
    const { outgoing, stream } = this.state.get();
    const next = outgoing.find((item) => item.status === "waiting");
    const busy = stream !== null || outgoing.some((item) => item.status === "sending");
    if (!next || busy || this.#held || this.loading.get() !== "ready") return;
    if (!this.#socket.send({ type: "send_message", message: next.text })) return;
    this.#update({
      outgoing: outgoing.map((item): Outgoing => (item === next ? { ...item, status: "sending" } : item)),
    });
  }
}
