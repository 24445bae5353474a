import { describe, expect, test } from "vitest";
import type { Message, Page, Session } from "../src/api/types.ts";
import { adopt, type ChatState, type LiveFrame, NEW_CHAT, prepend, receive } from "../src/chat/state.ts";

function message(id: string, changes: Partial<Message> = {}): Message {
  const created_at = "2026-01-01T00:00:00Z";
  return { id, role: "assistant", content: "", created_at, status: "complete", error: "", model: "", tool_calls: [], ...changes };
}

const question = message("q", { role: "user", content: "Hello?" });

/** The server's page: the latest first. */
function page(messages: Message[], next: string | null = null): Page<Message> {
  return { count: messages.length, next, previous: null, results: messages.toReversed() };
}

function after(state: ChatState, ...frames: LiveFrame[]): ChatState {
  return frames.reduce((before, frame) => receive(before, frame).state, state);
}

function chunk(offset: number, content: string): LiveFrame {
  return { type: "ai_message_chunk", message_id: "a", offset, content };
}

const typing: LiveFrame = { type: "ai_typing", message: "AI is thinking...", message_id: "a" };

describe("a chat", () => {
  test("shows question and answer", () => {
    const asked: ChatState = { ...NEW_CHAT, outgoing: [{ key: 1, text: "Hello?", status: "sending", error: "" }] };
    const streaming = after(asked, { type: "user_message", message: question }, typing, chunk(0, "He"), chunk(2, "llo"));
    expect(streaming.outgoing).toEqual([]);
    expect(streaming.messages.map(({ content }) => content)).toEqual(["Hello?", "Hello"]);
    expect(streaming.stream).toEqual({ id: "a", position: 5, resuming: false });
    const whole = message("a", { content: "Hello." });
    const ended = after(streaming, { type: "ai_message_complete", message: whole });
    expect(ended.stream).toBeNull();
    expect(ended.messages.at(-1)).toEqual(whole);
  });

  test("asks once for what a gap has left out, and goes on from there", () => {
    const begun = after(NEW_CHAT, typing, chunk(0, "ab"));
    const gap = receive(begun, chunk(4, "ef"));
    expect(gap.resume).toEqual({ message_id: "a", offset: 2 });
    const still = receive(gap.state, chunk(6, "gh"));
    expect(still.resume).toBeUndefined();
    const mended = after(still.state, chunk(2, "cdefgh"), chunk(8, "i"));
    expect(mended.messages.at(-1)?.content).toBe("abcdefghi");
    expect(mended.stream?.resuming).toBe(false);
  });

  test("keeps its text of an answer over a lost connection and asks for the rest", () => {
    const begun = after({ ...NEW_CHAT, messages: [question] }, typing, chunk(0, "Hé👋"));
    const step = adopt(begun, page([question, message("a", { status: "streaming", content: "Hé👋 and mo" })]));
    expect(step.resume).toEqual({ message_id: "a", offset: 3 });
    const going = after(step.state, chunk(3, " and more"));
    expect(going.messages.at(-1)?.content).toBe("Hé👋 and more");
  });

  test("begins at 0 on a fresh page, whatever the fetched message holds", () => {
    const step = adopt(NEW_CHAT, page([question, message("a", { status: "streaming", content: "partly" })]));
    expect(step.resume).toEqual({ message_id: "a", offset: 0 });
    expect(after(step.state, chunk(0, "partly, then")).messages.at(-1)?.content).toBe("partly, then");
  });

  test("takes the whole answer when it has ended meanwhile", () => {
    const begun = after({ ...NEW_CHAT, messages: [question] }, typing, chunk(0, "Hel"));
    const step = adopt(begun, page([question, message("a", { content: "Hello." })]));
    expect(step.resume).toBeUndefined();
    expect(step.state.stream).toBeNull();
    expect(step.state.messages.map(({ content }) => content)).toEqual(["Hello?", "Hello."]);
    // A late piece of the old connection changes nothing.
    expect(after(step.state, chunk(3, "lo.")).messages.at(-1)?.content).toBe("Hello.");
  });

  test("does not know whether a message arrived that was sent as the connection broke", () => {
    const sending: ChatState = { ...NEW_CHAT, outgoing: [{ key: 1, text: "Hello?", status: "sending", error: "" }] };
    expect(adopt(sending, page([])).state.outgoing[0]?.status).toBe("unsure");
    expect(adopt(sending, page([question])).state.outgoing).toEqual([]);
    const earlier = { ...sending, messages: [question] };
    expect(adopt(earlier, page([question])).state.outgoing[0]?.status).toBe("unsure");
  });

  test("keeps earlier pages when the latest is fetched again", () => {
    const old = [message("1"), message("2"), message("3")];
    const loaded = prepend({ ...NEW_CHAT, messages: [old[2] as Message], hasEarlier: true }, page(old.slice(0, 2)));
    expect(loaded.messages.map(({ id }) => id)).toEqual(["1", "2", "3"]);
    const { state } = adopt(loaded, page([old[2] as Message, message("4")], "more"));
    expect(state.messages.map(({ id }) => id)).toEqual(["1", "2", "3", "4"]);
    expect(state.hasEarlier).toBe(false);
  });

  test("tells a failed answer once, in the answer", () => {
    const broken = message("a", { status: "failed", error: "No LLM server answers.", content: "Hel" });
    const state = after(
      NEW_CHAT,
      typing,
      chunk(0, "Hel"),
      { type: "message_updated", message: broken },
      { type: "error", message: "No LLM server answers." },
    );
    expect(state.messages.at(-1)).toEqual(broken);
    expect(state.stream).toBeNull();
    expect(state.problem).toBe("");
  });

  test("gives a refusal to the message that is being sent", () => {
    const sending: ChatState = { ...NEW_CHAT, outgoing: [{ key: 1, text: "x", status: "sending", error: "" }] };
    const state = after(sending, { type: "error", message: "too long" });
    expect(state.outgoing[0]).toMatchObject({ status: "refused", error: "too long" });
    expect(after(NEW_CHAT, { type: "error", message: "why" }).problem).toBe("why");
  });

  test("forgets what a retry or an edit has removed", () => {
    const begun = after({ ...NEW_CHAT, messages: [question, message("old", { status: "failed", error: "x" })] });
    const state = after(begun, { type: "messages_removed", message_ids: ["old"] }, typing, chunk(0, "New"));
    expect(state.messages.map(({ id, content }) => [id, content])).toEqual([
      ["q", "Hello?"],
      ["a", "New"],
    ]);
  });

  test("ends when it is deleted elsewhere, and follows changes of its settings", () => {
    const session = { id: "s", title: "New title" } as Session;
    expect(after(NEW_CHAT, { type: "session_updated", session }).session?.title).toBe("New title");
    expect(after(NEW_CHAT, { type: "session_deleted", session_id: "s" }).deleted).toBe(true);
  });
});
