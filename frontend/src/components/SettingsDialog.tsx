import { useCallback, useState } from "react";
import { announce } from "../announce.ts";
import type { Api } from "../api/rest.ts";
import type { ModelSettings, Session } from "../api/types.ts";
import { useFetched } from "../use.ts";
import { ActionForm } from "./ActionForm.tsx";
import { Dialog } from "./Dialog.tsx";
import { SettingsFields } from "./SettingsFields.tsx";

interface Props {
  api: Api;
  session: Session;
  onSaved: (session: Session) => void;
  onClose: () => void;
}

export function SettingsDialog({ api, session, onSaved, onClose }: Props) {
  const [settings, setSettings] = useState<ModelSettings>({
    model: session.model,
    temperature: session.temperature,
    max_tokens: session.max_tokens,
    system_prompt: session.system_prompt,
    tools: session.tools,
  });
  const [title, setTitle] = useState(session.title);
  /** What the person made of the checkbox; null while it is as it was. */
  const [asDefault, setAsDefault] = useState<boolean | null>(null);
  const fetched = useFetched(useCallback(() => Promise.all([api.models(), api.tools(), api.defaultModel()]), [api]));

  const save = async (): Promise<void> => {
    onSaved(await api.updateSession(session.id, { title: title.trim(), ...settings }));
    if (asDefault !== null) await api.setDefaultModel(asDefault ? settings.model : null);
    announce("Settings saved");
  };
  return (
    <Dialog title="Settings of this chat" onClose={onClose}>
      <ActionForm submit="Save" action={save} onDone={onClose} onCancel={onClose} problem={fetched.problem}>
        <label>
          Title
          <input maxLength={200} value={title} onChange={(event) => setTitle(event.target.value)} />
        </label>
        {fetched.value ? (
          <SettingsFields
            value={settings}
            models={fetched.value[0]}
            tools={fetched.value[1]}
            onChange={(changes) => setSettings((before) => ({ ...before, ...changes }))}
          />
        ) : (
          !fetched.problem && <p className="help">Loading the models…</p>
        )}
        {fetched.value && settings.model !== "" && (
          <div className="choice">
            <input
              id="as-default"
              type="checkbox"
              checked={asDefault ?? fetched.value[2] === settings.model}
              onChange={(event) => setAsDefault(event.target.checked)}
            />
            <label htmlFor="as-default">{settings.model} is my default for all chats</label>
          </div>
        )}
      </ActionForm>
    </Dialog>
  );
}
