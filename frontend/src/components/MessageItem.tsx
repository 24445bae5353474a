import { memo, useEffect, useRef, useState } from "react";
import type { Message } from "../api/types.ts";
import type { Outgoing } from "../chat/state.ts";
import { copyFrom } from "../markdown/copy.ts";
import { LONGEST_MESSAGE } from "./Composer.tsx";
import { Markdown } from "./Markdown.tsx";

export interface MessageActions {
  retry: (id: string) => void;
  edit: (id: string, text: string) => boolean;
  sendAgain: (key: number) => void;
  discard: (key: number) => void;
}

interface Props {
  message: Message;
  last: boolean;
  /** The server can be asked for something now: it is connected, and writes no answer. */
  free: boolean;
  actions: MessageActions;
}

export const MessageItem = memo(function MessageItem(props: Props) {
  return props.message.role === "user" ? <Question {...props} /> : <Answer {...props} />;
});

function Question({ message, free, actions }: Props) {
  const [editing, setEditing] = useState(false);
  const editButton = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setEditing(false);
    setTimeout(() => editButton.current?.focus());
  };
  if (editing) {
    return (
      <li className="line own editing">
        <Editor
          text={message.content}
          free={free}
          onCancel={close}
          onSend={(text) => {
            if (actions.edit(message.id, text)) setEditing(false);
          }}
        />
      </li>
    );
  }
  return (
    <li className="line own">
      <span className="by">You</span>
      <div className="said">{message.content}</div>
      <div className="actions">
        <CopyButton text={message.content} what="your message" />
        <button ref={editButton} type="button" className="small" disabled={!free} onClick={() => setEditing(true)}>
          Edit<span className="unseen"> your message</span>
        </button>
      </div>
    </li>
  );
}

interface EditorProps {
  text: string;
  free: boolean;
  onSend: (text: string) => void;
  onCancel: () => void;
}

function Editor({ text, free, onSend, onCancel }: EditorProps) {
  const [draft, setDraft] = useState(text);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, [text]);
  const ready = free && draft.trim() !== "";
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onSend(draft);
      }}
    >
      <label>
        Edit your message
        <textarea
          ref={field}
          rows={3}
          maxLength={LONGEST_MESSAGE}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") onCancel();
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }
          }}
        />
      </label>
      <p className="help">What came after this message is removed, and it is answered anew.</p>
      <div className="row">
        <button type="submit" className="primary" disabled={!ready}>
          Send
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function Answer({ message, last, free, actions }: Props) {
  const streaming = message.status === "streaming";
  return (
    <li className={`line answer${message.status === "failed" ? " failed" : ""}`} aria-busy={streaming}>
      <span className="by">
        AI{message.model && <span className="model-name"> · {message.model}</span>}
      </span>
      {message.tool_calls.length > 0 && <Tools message={message} />}
      {message.content ? (
        <Markdown text={message.content} />
      ) : (
        streaming && <p className="thinking">Thinking…</p>
      )}
      {message.status === "stopped" && <p className="mark">Stopped</p>}
      {message.status === "failed" && <p className="problem">The answer failed: {message.error}</p>}
      {!streaming && (
        <div className="actions">
          {message.content && <CopyButton text={message.content} what="the answer" />}
          {last && (
            <button type="button" className="small" disabled={!free} onClick={() => actions.retry(message.id)}>
              {message.status === "failed" ? "Retry" : "Answer anew"}
            </button>
          )}
        </div>
      )}
    </li>
  );
}

function Tools({ message }: { message: Message }) {
  return (
    <details className="tools">
      <summary>Used {message.tool_calls.map(({ name }) => name).join(", ")}</summary>
      {message.tool_calls.map((call, index) => (
        <dl key={index}>
          <dt>
            {call.name} <code>{call.arguments}</code>
          </dt>
          <dd>{call.result}</dd>
        </dl>
      ))}
    </details>
  );
}

function CopyButton({ text, what }: { text: string; what: string }) {
  const label = useRef<HTMLSpanElement>(null);
  return (
    <button type="button" className="small" onClick={() => label.current && void copyFrom(label.current, text)}>
      <span ref={label}>Copy</span>
      <span className="unseen"> {what}</span>
    </button>
  );
}

const OUTGOING: Record<Outgoing["status"], string> = {
  waiting: "Will be sent when the connection is back",
  sending: "Sending",
  unsure: "The connection was lost before this arrived",
  refused: "Not sent",
};

/** A message of the person that the server has not confirmed. */
export function OutgoingItem({ item, actions }: { item: Outgoing; actions: MessageActions }) {
  const settled = item.status === "unsure" || item.status === "refused";
  return (
    <li className={`line own pending${settled ? " failed" : ""}`}>
      <span className="by">You</span>
      <div className="said">{item.text}</div>
      <span className="mark">
        {OUTGOING[item.status]}
        {item.error && `: ${item.error}`}
      </span>
      {item.status !== "sending" && (
        <div className="actions">
          {settled && (
            <button type="button" className="small" onClick={() => actions.sendAgain(item.key)}>
              Send again
            </button>
          )}
          <button type="button" className="small" onClick={() => actions.discard(item.key)}>
            Discard
          </button>
        </div>
      )}
    </li>
  );
}
