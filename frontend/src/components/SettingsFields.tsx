import { useId } from "react";
import type { ModelPage, ModelSettings, Tool } from "../api/types.ts";

interface Props {
  value: ModelSettings;
  models: ModelPage;
  tools: readonly Tool[];
  onChange: (changes: Partial<ModelSettings>) => void;
}

/** How the model answers: the same fields for a chat and for a preset. */
export function SettingsFields({ value, models, tools, onChange }: Props) {
  const id = useId();
  const names = models.results.filter(({ is_active }) => is_active).map(({ name }) => name);
  const gone = value.model !== "" && !names.includes(value.model);
  return (
    <>
      <label>
        Model
        <select value={value.model} onChange={(event) => onChange({ model: event.target.value })}>
          <option value="">Default ({models.default_model || "none"})</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
          {gone && <option value={value.model}>{value.model} (not served now)</option>}
        </select>
      </label>
      <div className="pair">
        <label>
          Temperature, 0 to 2
          <input
            type="number"
            min={0}
            max={2}
            step={0.1}
            required
            value={Number.isNaN(value.temperature) ? "" : value.temperature}
            onChange={(event) => onChange({ temperature: event.target.valueAsNumber })}
          />
        </label>
        <label>
          Longest answer, in tokens
          <input
            type="number"
            min={1}
            max={32768}
            step={1}
            required
            value={Number.isNaN(value.max_tokens) ? "" : value.max_tokens}
            onChange={(event) => onChange({ max_tokens: event.target.valueAsNumber })}
          />
        </label>
      </div>
      <label>
        System prompt
        <textarea
          rows={4}
          maxLength={16000}
          value={value.system_prompt}
          placeholder="How the AI should behave, for example: You answer in one sentence."
          onChange={(event) => onChange({ system_prompt: event.target.value })}
        />
      </label>
      {tools.length > 0 && (
        <fieldset className="choices">
          <legend>Tools the AI may use</legend>
          {tools.map((tool) => (
            <div key={tool.name} className="choice">
              <input
                id={`${id}-${tool.name}`}
                type="checkbox"
                checked={value.tools.includes(tool.name)}
                aria-describedby={`${id}-${tool.name}-help`}
                onChange={(event) => {
                  const others = value.tools.filter((name) => name !== tool.name);
                  onChange({ tools: event.target.checked ? [...others, tool.name] : others });
                }}
              />
              <div>
                <label htmlFor={`${id}-${tool.name}`}>{tool.name}</label>
                <p className="help" id={`${id}-${tool.name}-help`}>
                  {tool.description}
                </p>
              </div>
            </div>
          ))}
        </fieldset>
      )}
    </>
  );
}
