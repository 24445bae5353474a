import { useState } from "react";
import { announce } from "../announce.ts";
import type { Api } from "../api/rest.ts";
import type { Session } from "../api/types.ts";
import { ActionForm } from "./ActionForm.tsx";
import { Dialog } from "./Dialog.tsx";
import { titleOf } from "./SessionListView.tsx";

interface RenameProps {
  api: Api;
  session: Session;
  onSaved: (session: Session) => void;
  onClose: () => void;
}

export function RenameDialog({ api, session, onSaved, onClose }: RenameProps) {
  const [title, setTitle] = useState(session.title);
  const save = async (): Promise<void> => {
    onSaved(await api.updateSession(session.id, { title: title.trim() }));
    announce("Renamed");
  };
  return (
    <Dialog title="Rename the chat" onClose={onClose}>
      <ActionForm submit="Rename" action={save} onDone={onClose} onCancel={onClose}>
        <label>
          Title
          <input autoFocus required maxLength={200} value={title} onChange={(event) => setTitle(event.target.value)} />
        </label>
      </ActionForm>
    </Dialog>
  );
}

interface DeleteProps {
  api: Api;
  session: Session;
  onDeleted: (session: Session) => void;
  onClose: () => void;
}

export function DeleteDialog({ api, session, onDeleted, onClose }: DeleteProps) {
  const remove = async (): Promise<void> => {
    await api.deleteSession(session.id);
    announce(`${titleOf(session)} deleted`);
  };
  const done = (): void => {
    onClose();
    onDeleted(session);
  };
  return (
    <Dialog title="Delete the chat?" onClose={onClose}>
      <ActionForm submit="Delete" focusSubmit action={remove} onDone={done} onCancel={onClose}>
        <p>“{titleOf(session)}” will no longer be listed.</p>
      </ActionForm>
    </Dialog>
  );
}
