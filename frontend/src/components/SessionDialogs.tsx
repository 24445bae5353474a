import { useState } from "react";
import { announce } from "../announce.ts";
import type { Api } from "../api/rest.ts";
import type { Session } from "../api/types.ts";
import { problemText } from "../use.ts";
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
  const [problem, setProblem] = useState("");
  const save = async (): Promise<void> => {
    try {
      onSaved(await api.updateSession(session.id, { title: title.trim() }));
      announce("Renamed");
      onClose();
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  return (
    <Dialog title="Rename the chat" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <label>
          Title
          <input autoFocus required maxLength={200} value={title} onChange={(event) => setTitle(event.target.value)} />
        </label>
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <div className="row">
          <button type="submit" className="primary">
            Rename
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
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
  const [problem, setProblem] = useState("");
  const remove = async (): Promise<void> => {
    try {
      await api.deleteSession(session.id);
      announce(`${titleOf(session)} deleted`);
      onClose();
      onDeleted(session);
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  return (
    <Dialog title="Delete the chat?" onClose={onClose}>
      <p>“{titleOf(session)}” will no longer be listed.</p>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <div className="row">
        <button type="button" className="primary" autoFocus onClick={() => void remove()}>
          Delete
        </button>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
}
