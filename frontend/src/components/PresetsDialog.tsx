import { useCallback, useState } from "react";
import { announce } from "../announce.ts";
import type { Api, PresetFields } from "../api/rest.ts";
import type { Preset, Session } from "../api/types.ts";
import { problemText, useFetched } from "../use.ts";
import { ActionForm } from "./ActionForm.tsx";
import { Dialog } from "./Dialog.tsx";
import { SettingsFields } from "./SettingsFields.tsx";

interface Props {
  api: Api;
  /** Its settings are what a new preset begins with. */
  session: Session | null;
  onStarted: (session: Session) => void;
  onClose: () => void;
}

export function PresetsDialog({ api, session, onStarted, onClose }: Props) {
  const [making, setMaking] = useState(false);
  const [problem, setProblem] = useState("");
  const fetched = useFetched(useCallback(() => api.presets(), [api]));

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setProblem("");
    try {
      await work();
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  const start = (preset: Preset): Promise<void> =>
    attempt(async () => {
      onStarted(await api.startFromPreset(preset.id));
      onClose();
    });
  const remove = (preset: Preset): Promise<void> =>
    attempt(async () => {
      await api.deletePreset(preset.id);
      announce(`Preset ${preset.name} deleted`);
      fetched.reload();
    });
  const presets = fetched.value?.results;
  return (
    <Dialog title={making ? "New preset" : "Presets"} onClose={onClose}>
      {!making && (problem || fetched.problem) && (
        <p className="problem" role="alert">
          {problem || fetched.problem}
        </p>
      )}
      {making ? (
        <PresetForm
          api={api}
          session={session}
          onCancel={() => setMaking(false)}
          onSaved={() => {
            fetched.reload();
            setMaking(false);
          }}
        />
      ) : (
        <>
          {!presets && !fetched.problem && <p className="help">Loading…</p>}
          {presets?.length === 0 && <p className="empty">There are no presets yet.</p>}
          <ul className="presets">
            {presets?.map((preset) => (
              <li key={preset.id}>
                <div className="preset-text">
                  <strong>{preset.name}</strong>
                  <span className="help">
                    {preset.is_public ? "public" : "private"}
                    {preset.is_mine ? "" : `, by ${preset.owner || "the sandbox"}`}
                  </span>
                  {preset.description && <p className="help">{preset.description}</p>}
                </div>
                <div className="row">
                  <button type="button" className="small" onClick={() => void start(preset)}>
                    Start a chat<span className="unseen"> from {preset.name}</span>
                  </button>
                  {preset.is_mine && (
                    <button type="button" className="small" onClick={() => void remove(preset)}>
                      Delete<span className="unseen"> preset {preset.name}</span>
                    </button>
                  )}
                </div>
              </li>
            ))}
          </ul>
          <div className="row">
            <button type="button" onClick={() => setMaking(true)}>
              New preset
            </button>
          </div>
        </>
      )}
    </Dialog>
  );
}

interface FormProps {
  api: Api;
  session: Session | null;
  onSaved: () => void;
  onCancel: () => void;
}

function PresetForm({ api, session, onSaved, onCancel }: FormProps) {
  const [fields, setFields] = useState<PresetFields>({
    name: "",
    description: "",
    is_public: false,
    model: session?.model ?? "",
    temperature: session?.temperature ?? 0.7,
    max_tokens: session?.max_tokens ?? 2000,
    system_prompt: session?.system_prompt ?? "",
    tools: session?.tools ?? [],
  });
  const fetched = useFetched(useCallback(() => Promise.all([api.models(), api.tools()]), [api]));
  const change = (changes: Partial<PresetFields>): void => setFields((before) => ({ ...before, ...changes }));
  const save = async (): Promise<void> => {
    const name = fields.name.trim();
    await api.createPreset({ ...fields, name });
    announce(`Preset ${name} saved`);
  };
  return (
    <ActionForm
      submit="Save"
      cancel="Back"
      action={save}
      onDone={onSaved}
      onCancel={onCancel}
      problem={fetched.problem}
    >
      <label>
        Name
        <input
          required
          autoFocus
          maxLength={100}
          value={fields.name}
          onChange={(event) => change({ name: event.target.value })}
        />
      </label>
      <label>
        Description
        <input value={fields.description} onChange={(event) => change({ description: event.target.value })} />
      </label>
      {fetched.value && (
        <SettingsFields value={fields} models={fetched.value[0]} tools={fetched.value[1]} onChange={change} />
      )}
      <div className="choice">
        <input
          id="preset-public"
          type="checkbox"
          checked={fields.is_public}
          onChange={(event) => change({ is_public: event.target.checked })}
        />
        <label htmlFor="preset-public">Everybody may use it</label>
      </div>
    </ActionForm>
  );
}
