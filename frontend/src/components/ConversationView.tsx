import { type RefObject, useEffect, useMemo, useRef } from "react";
import { announce } from "../announce.ts";
import type { Conversation } from "../chat/conversation.ts";
import type { Message } from "../api/types.ts";
import { spokenText } from "../markdown/render.ts";
import { useObservable } from "../use.ts";
import { Composer } from "./Composer.tsx";
import { Log } from "./Log.tsx";
import { type MessageActions, MessageItem, OutgoingItem } from "./MessageItem.tsx";

/** Reads out what happens to answers: their beginning, their whole text at the end, and failures. */
function useAnnouncements(messages: readonly Message[], ready: boolean): void {
  const seen = useRef(new Map<string, string>());
  const started = useRef(false);
  useEffect(() => {
    const known = seen.current;
    for (const { id, role, status, content, error } of messages) {
      const before = known.get(id);
      known.set(id, status);
      if (!started.current || role !== "assistant" || before === status) continue;
      if (status === "streaming") announce("The AI is answering.");
      if (status === "complete") announce(`Answer: ${spokenText(content)}`);
      if (status === "stopped") announce("The answer was stopped.");
      if (status === "failed") announce(`The answer failed: ${error}`);
    }
    // What was there when the chat was opened is read by moving through it.
    if (ready) started.current = true;
  }, [messages, ready]);
}

interface Props {
  chat: Conversation;
  composer: RefObject<HTMLTextAreaElement | null>;
  onNew: () => void;
}

export function ConversationView({ chat, composer, onNew }: Props) {
  const state = useObservable(chat.state);
  const loading = useObservable(chat.loading);
  const connection = useObservable(chat.connection);
  useAnnouncements(state.messages, loading === "ready");

  const actions = useMemo<MessageActions>(
    () => ({
      retry: (id) => {
        chat.retry(id);
        composer.current?.focus();
      },
      edit: (id, text) => {
        const sent = chat.edit(id, text);
        if (sent) composer.current?.focus();
        return sent;
      },
      sendAgain: (key) => chat.sendAgain(key),
      discard: (key) => chat.discard(key),
    }),
    [chat, composer],
  );

  if (state.deleted || (connection.state === "refused" && connection.code === 4404)) {
    return (
      <div className="hollow">
        <p>{state.deleted ? "This chat has been deleted." : "This chat does not exist, or is not yours."}</p>
        <button type="button" className="primary" onClick={onNew}>
          New chat
        </button>
      </div>
    );
  }

  const sending = state.outgoing.some(({ status }) => status === "sending");
  const answering = state.stream !== null;
  const free = connection.state === "open" && loading === "ready" && !answering && !sending;
  const lastId = state.messages.at(-1)?.id;
  const empty = loading === "ready" && state.messages.length === 0 && state.outgoing.length === 0;
  return (
    <>
      {state.problem && (
        <div className="problem dismissable" role="alert">
          <span>{state.problem}</span>
          {loading === "failed" ? (
            <button type="button" className="link" onClick={() => void chat.load()}>
              Try again
            </button>
          ) : (
            <button type="button" className="link" onClick={() => chat.dismissProblem()}>
              Dismiss
            </button>
          )}
        </div>
      )}
      <Log version={state}>
        {state.hasEarlier && (
          <li className="remark">
            <button type="button" className="small" onClick={() => void chat.loadEarlier()}>
              Earlier messages
            </button>
          </li>
        )}
        {loading === "loading" && <li className="remark">Loading…</li>}
        {empty && <li className="remark">Nothing has been said here yet.</li>}
        {state.messages.map((message) => (
          <MessageItem
            key={message.id}
            message={message}
            last={message.id === lastId}
            free={free}
            actions={actions}
          />
        ))}
        {state.outgoing.map((item) => (
          <OutgoingItem key={item.key} item={item} actions={actions} />
        ))}
      </Log>
      <p className="help typing" aria-hidden={!state.othersType}>
        {state.othersType ? "You are typing in another window." : ""}
      </p>
      <Composer
        key={chat.id}
        ref={composer}
        draftKey={`ai-chat-draft-${chat.id}`}
        answering={answering}
        sending={sending}
        disabled={connection.state === "refused"}
        onSend={(text) => chat.send(text)}
        onStop={() => chat.stop()}
        onTyped={(typing) => chat.typed(typing)}
      />
    </>
  );
}
