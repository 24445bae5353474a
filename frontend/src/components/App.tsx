import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { announcement } from "../announce.ts";
import { Api } from "../api/rest.ts";
import type { Session } from "../api/types.ts";
import { Conversation } from "../chat/conversation.ts";
import { SessionList } from "../chat/sessions.ts";
import type { Config } from "../config.ts";
import { problemText, useChatAddress, useFetched, useObservable } from "../use.ts";
import { Chat } from "./Chat.tsx";
import { PresetsDialog } from "./PresetsDialog.tsx";
import { DeleteDialog, RenameDialog } from "./SessionDialogs.tsx";
import { SessionListView } from "./SessionListView.tsx";
import { SettingsDialog } from "./SettingsDialog.tsx";

type Open =
  | { what: "nothing" | "presets" }
  | { what: "rename" | "delete" | "settings"; session: Session };

const NOTHING: Open = { what: "nothing" };

/** A conversation with a connection of its own, for as long as its chat is the one that is looked at. */
function useConversation(id: string | null, config: Config, api: Api): Conversation | null {
  const chat = useMemo(
    () => (id === null ? null : new Conversation(id, config.sockets, api)),
    [id, config.sockets, api],
  );
  useEffect(() => {
    chat?.open();
    return () => chat?.close();
  }, [chat]);
  return chat;
}

export function App({ config }: { config: Config }) {
  const [loggedOut, setLoggedOut] = useState(config.user === null);
  const api = useMemo(() => new Api(config.api, () => setLoggedOut(true)), [config.api]);
  const list = useMemo(() => new SessionList(config.sockets), [config.sockets]);
  const [id, go] = useChatAddress();
  const [open, setOpen] = useState<Open>(NOTHING);
  const [problem, setProblem] = useState("");
  const [listShown, setListShown] = useState(id === null);
  const composer = useRef<HTMLTextAreaElement>(null);
  const newButton = useRef<HTMLButtonElement>(null);
  const sessions = useObservable(list.sessions);
  const listConnection = useObservable(list.connection);
  const chat = useConversation(loggedOut ? null : id, config, api);
  const models = useFetched(useCallback(() => (loggedOut ? Promise.resolve(null) : api.models()), [api, loggedOut]));

  useEffect(() => {
    if (loggedOut) return;
    list.open();
    return () => list.close();
  }, [list, loggedOut]);
  useEffect(() => {
    if (listConnection.state === "refused" && listConnection.code === 4401) setLoggedOut(true);
  }, [listConnection]);

  const choose = useCallback(
    (next: string): void => {
      go(next);
      setListShown(false);
      setTimeout(() => composer.current?.focus());
    },
    [go],
  );
  const started = useCallback(
    (session: Session): void => {
      list.put(session);
      choose(session.id);
    },
    [list, choose],
  );
  const startNew = useCallback(async (): Promise<void> => {
    setProblem("");
    try {
      started(await api.createSession());
    } catch (error) {
      setProblem(problemText(error));
    }
  }, [api, started]);
  const close = useCallback(() => setOpen(NOTHING), []);

  if (loggedOut) return <LoggedOut config={config} />;
  const session = sessions?.find((item) => item.id === id) ?? null;
  return (
    <div className={`ai-chat${listShown ? " list-shown" : ""}`}>
      <SessionListView
        api={api}
        sessions={sessions}
        current={id}
        newButton={newButton}
        onChoose={choose}
        onNew={() => void startNew()}
        onPresets={() => setOpen({ what: "presets" })}
        onRename={(item) => setOpen({ what: "rename", session: item })}
        onDelete={(item) => setOpen({ what: "delete", session: item })}
      />
      <section className="chat" aria-label="Chat">
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <Chat
          chat={chat}
          session={session}
          list={list}
          notice={models.value?.notice ?? ""}
          composer={composer}
          onList={() => setListShown((shown) => !shown)}
          listShown={listShown}
          onNew={() => void startNew()}
          onSettings={(item) => setOpen({ what: "settings", session: item })}
        />
      </section>
      <Announcer />
      {open.what === "presets" && <PresetsDialog api={api} session={session} onStarted={started} onClose={close} />}
      {open.what === "rename" && (
        <RenameDialog api={api} session={open.session} onSaved={(item) => list.put(item)} onClose={close} />
      )}
      {open.what === "settings" && (
        <SettingsDialog api={api} session={open.session} onSaved={(item) => list.put(item)} onClose={close} />
      )}
      {open.what === "delete" && (
        <DeleteDialog
          api={api}
          session={open.session}
          onClose={close}
          onDeleted={(gone) => {
            list.remove(gone.id);
            if (gone.id === id) go(null);
            setListShown(true);
            setTimeout(() => newButton.current?.focus());
          }}
        />
      )}
    </div>
  );
}

function LoggedOut({ config }: { config: Config }) {
  const next = encodeURIComponent(location.pathname + location.search);
  return (
    <div className="hollow">
      <h1>AI chat</h1>
      <p>{config.user === null ? "Chats are kept for you: log in to begin." : "You have been logged out."}</p>
      <a className="button primary" href={`${config.login}?next=${next}`}>
        Log in
      </a>
    </div>
  );
}

function Announcer() {
  return (
    <div className="unseen" role="status" aria-live="polite">
      {useObservable(announcement)}
    </div>
  );
}
