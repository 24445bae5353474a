import { type ReactNode, useState } from "react";
import { problemText } from "../use.ts";

interface Props {
  /** What the button says that does it. */
  submit: string;
  cancel?: string;
  /** For an action without fields. */
  focusSubmit?: boolean;
  /** Something that failed before. */
  problem?: string;
  action: () => Promise<void>;
  onDone: () => void;
  onCancel: () => void;
  children: ReactNode;
}

/** The frame of all forms in dialogs: fields, what went wrong, a button that does it and one that does not. */
export function ActionForm(props: Props) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const attempt = async (): Promise<void> => {
    setProblem("");
    setBusy(true);
    try {
      await props.action();
    } catch (error) {
      setProblem(problemText(error));
      setBusy(false);
      return;
    }
    props.onDone();
  };
  const told = problem || props.problem;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void attempt();
      }}
    >
      {props.children}
      {told && (
        <p className="problem" role="alert">
          {told}
        </p>
      )}
      <div className="row">
        <button type="submit" className="primary" autoFocus={props.focusSubmit} disabled={busy}>
          {props.submit}
        </button>
        <button type="button" onClick={props.onCancel}>
          {props.cancel ?? "Cancel"}
        </button>
      </div>
    </form>
  );
}
