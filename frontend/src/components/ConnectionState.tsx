import { useEffect, useState } from "react";
import { announce } from "../announce.ts";
import type { Connection } from "../live/socket.ts";

const REFUSALS: Record<number, string> = {
  4401: "Logged out",
  4404: "No such chat",
  4429: "Too many windows are open",
};

function words(connection: Connection): string {
  switch (connection.state) {
    case "connecting":
      return "Connecting";
    case "open":
      return "Connected";
    case "closed":
      return "Not connected";
    case "waiting": {
      const seconds = Math.max(1, Math.round((connection.retryAt - Date.now()) / 1000));
      return `Connection lost, next attempt in ${seconds} s`;
    }
    case "refused":
      return REFUSALS[connection.code] ?? `Refused (${connection.code})`;
  }
}

export function ConnectionState({ connection, reconnect }: { connection: Connection; reconnect: () => void }) {
  const [, tick] = useState(0);
  const { state } = connection;
  useEffect(() => {
    if (state !== "waiting") return;
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [state]);
  useEffect(() => {
    if (state === "waiting") announce("The connection is lost and will be made again.");
    if (state === "refused") announce(words(connection));
  }, [state, connection]);
  const again = state === "waiting" || (state === "refused" && connection.code === 4429);
  return (
    <div id="state" className="state" data-state={state}>
      <span className="dot" aria-hidden="true" />
      <span>{words(connection)}</span>
      {again && (
        <button type="button" className="link" onClick={reconnect}>
          Try now
        </button>
      )}
    </div>
  );
}
