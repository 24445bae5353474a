import { type RefObject, useEffect, useState } from "react";
import type { Api } from "../api/rest.ts";
import type { Session } from "../api/types.ts";
import { problemText } from "../use.ts";
import { Icon } from "./Icon.tsx";

const SEARCH_AFTER_MS = 300;

export function titleOf(session: Session): string {
  return session.title || "New chat";
}

interface Props {
  api: Api;
  sessions: readonly Session[] | null;
  current: string | null;
  newButton: RefObject<HTMLButtonElement | null>;
  onChoose: (id: string) => void;
  onNew: () => void;
  onPresets: () => void;
  onRename: (session: Session) => void;
  onDelete: (session: Session) => void;
}

/** What the server finds for a text in titles and messages; null while nothing is looked for. */
function useSearch(api: Api, text: string): { found: Session[] | null; problem: string } {
  const [found, setFound] = useState<Session[] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    setProblem("");
    if (!text.trim()) {
      setFound(null);
      return;
    }
    let current = true;
    const timer = setTimeout(() => {
      api.searchSessions(text.trim()).then(
        (page) => current && setFound(page.results),
        (error: unknown) => current && setProblem(problemText(error)),
      );
    }, SEARCH_AFTER_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [api, text]);
  return { found, problem };
}

export function SessionListView(props: Props) {
  const { sessions, current, newButton, onChoose } = props;
  const [text, setText] = useState("");
  const { found, problem } = useSearch(props.api, text);
  const shown = text.trim() ? found : sessions;
  return (
    <nav className="sessions" aria-label="Chats">
      <div className="row">
        <button ref={newButton} type="button" className="primary" onClick={props.onNew}>
          New chat
        </button>
        <button type="button" onClick={props.onPresets}>
          Presets
        </button>
      </div>
      <label className="unseen" htmlFor="search">
        Search in chats
      </label>
      <input
        id="search"
        type="search"
        placeholder="Search in chats"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {problem && <p className="problem">{problem}</p>}
      {shown === null && !problem && <p className="empty">Loading…</p>}
      {shown?.length === 0 && <p className="empty">{text.trim() ? "Nothing found." : "No chats yet."}</p>}
      <ul className="session-list">
        {shown?.map((session) => (
          <li key={session.id} className={session.id === current ? "current" : ""}>
            <a
              href={`?chat=${session.id}`}
              aria-current={session.id === current ? "page" : undefined}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                onChoose(session.id);
              }}
            >
              <span className="session-title">{titleOf(session)}</span>
              <span className="session-last">
                {session.streaming ? <span className="unread">answering</span> : session.last_message}
              </span>
            </a>
            <div className="session-actions">
              <button
                type="button"
                className="icon"
                aria-label={`Rename ${titleOf(session)}`}
                onClick={() => props.onRename(session)}
              >
                <Icon name="pencil" />
              </button>
              <button
                type="button"
                className="icon"
                aria-label={`Delete ${titleOf(session)}`}
                onClick={() => props.onDelete(session)}
              >
                <Icon name="bin" />
              </button>
            </div>
          </li>
        ))}
      </ul>
    </nav>
  );
}
