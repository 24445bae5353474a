import { useState } from "react";
import { Icon } from "./Icon.tsx";

/** Something the person should know, such as that another model answers; once read it can be put away. */
export function Notice({ text }: { text: string }) {
  const [read, setRead] = useState("");
  if (!text || text === read) return null;
  return (
    <div className="hint">
      <span>{text}</span>
      <button type="button" className="icon" aria-label="Dismiss the notice" onClick={() => setRead(text)}>
        <Icon name="close" />
      </button>
    </div>
  );
}
