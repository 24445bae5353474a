import { type RefObject, useEffect } from "react";
import type { Session } from "../api/types.ts";
import type { Conversation } from "../chat/conversation.ts";
import type { SessionList } from "../chat/sessions.ts";
import { useObservable } from "../use.ts";
import { ConnectionState } from "./ConnectionState.tsx";
import { ConversationView } from "./ConversationView.tsx";
import { Icon } from "./Icon.tsx";
import { Notice } from "./Notice.tsx";
import { titleOf } from "./SessionListView.tsx";

interface Props {
  chat: Conversation | null;
  /** As the list knows it; null until it does. */
  session: Session | null;
  list: SessionList;
  /** What people should know before they choose a chat, which has a notice of its own. */
  notice: string;
  composer: RefObject<HTMLTextAreaElement | null>;
  listShown: boolean;
  onList: () => void;
  onNew: () => void;
  onSettings: (session: Session) => void;
}

interface HeadProps extends Props {
  title: string;
  model: string;
  settingsOf: Session | null;
}

export function Chat(props: Props) {
  return props.chat ? <OpenChat {...props} chat={props.chat} /> : <NoChat {...props} />;
}

function NoChat(props: Props) {
  return (
    <>
      <Head {...props} title="AI chat" model="" settingsOf={null} />
      <Notice text={props.notice} />
      <div className="hollow">
        <p>Choose a chat, or begin one. Answers go on when you close the page.</p>
        <button type="button" className="primary" onClick={props.onNew}>
          New chat
        </button>
      </div>
    </>
  );
}

function OpenChat(props: Props & { chat: Conversation }) {
  const state = useObservable(props.chat.state);
  const session = props.session ?? state.session;
  return (
    <>
      <Head
        {...props}
        title={session ? titleOf(session) : "AI chat"}
        model={session ? session.effective_model || "no model is served" : ""}
        settingsOf={session}
      />
      <Notice text={state.notice} />
      <ConversationView key={props.chat.id} chat={props.chat} composer={props.composer} onNew={props.onNew} />
    </>
  );
}

function Head(props: HeadProps) {
  const { settingsOf, title } = props;
  useEffect(() => {
    document.title = title === "AI chat" ? "AI chat · chanx-native" : `${title} · AI chat`;
  }, [title]);
  const source = props.chat ?? props.list;
  const connection = useObservable(source.connection);
  return (
    <div className="app-head">
      <button type="button" className="small list-toggle" aria-expanded={props.listShown} onClick={props.onList}>
        <Icon name="menu" /> Chats
      </button>
      <h1>{props.title}</h1>
      {settingsOf && (
        <button type="button" className="small" onClick={() => props.onSettings(settingsOf)}>
          Settings
        </button>
      )}
      <div className="status">
        {props.model && <span className="model">{props.model}</span>}
        <ConnectionState connection={connection} reconnect={source.reconnect} />
      </div>
    </div>
  );
}
