import { type KeyboardEvent, type Ref, useEffect, useState } from "react";

export const LONGEST_MESSAGE = 16_000;

interface Props {
  ref: Ref<HTMLTextAreaElement>;
  /** A draft is kept under this name while the page is open or reloaded. */
  draftKey: string;
  answering: boolean;
  sending: boolean;
  disabled: boolean;
  onSend: (text: string) => void;
  onStop: () => void;
  onTyped: (typing: boolean) => void;
}

export function Composer({ ref, draftKey, answering, sending, disabled, onSend, onStop, onTyped }: Props) {
  const [text, setText] = useState(() => sessionStorage.getItem(draftKey) ?? "");
  const [stopping, setStopping] = useState(false);
  const ready = text.trim() !== "" && !answering && !sending && !disabled;

  useEffect(() => {
    if (text) sessionStorage.setItem(draftKey, text);
    else sessionStorage.removeItem(draftKey);
  }, [draftKey, text]);
  useEffect(() => setStopping(false), [answering]);

  const send = (): void => {
    if (!ready) return;
    onSend(text);
    setText("");
  };
  const stop = (): void => {
    setStopping(true);
    onStop();
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && answering) {
      event.preventDefault();
      stop();
    }
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label className="unseen" htmlFor="message">
        Message
      </label>
      <textarea
        id="message"
        ref={ref}
        rows={1}
        maxLength={LONGEST_MESSAGE}
        value={text}
        disabled={disabled}
        placeholder="Ask something"
        aria-describedby="message-help"
        onChange={(event) => {
          setText(event.target.value);
          onTyped(event.target.value !== "");
        }}
        onKeyDown={keys}
      />
      {/* One button, so that the focus stays where it is when it changes. */}
      <button
        type={answering ? "button" : "submit"}
        className={answering ? "" : "primary"}
        aria-disabled={answering ? stopping : !ready}
        onClick={answering ? stop : undefined}
      >
        {answering ? (stopping ? "Stopping" : "Stop") : "Send"}
      </button>
      <span className="unseen" id="message-help">
        Enter sends, Shift and Enter break the line, Escape stops an answer.
      </span>
    </form>
  );
}
