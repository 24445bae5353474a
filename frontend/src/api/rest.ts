// The REST interface: typed requests, and errors that a person can read.

import type { Message, ModelPage, ModelSettings, Page, Preset, Session, Tool } from "./types.ts";

const TIMEOUT_MS = 20_000;

/** A request that was refused or never answered; `status` 0 means that the server was not reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

interface StandardError {
  detail: string;
  attr: string | null;
}

function named(field: string, text: string): string {
  return field === "non_field_errors" ? text : `${field.replaceAll("_", " ")}: ${text}`;
}

/** The text of an error's body: `{"errors": [{"attr", "detail"}]}`, `{"detail"}` or `{"field": ["..."]}`. */
export function errorText(status: number, body: unknown): string {
  if (body !== null && typeof body === "object") {
    if ("errors" in body && Array.isArray(body.errors)) {
      const errors = body.errors as StandardError[];
      return errors.map(({ attr, detail }) => (attr ? named(attr, detail) : detail)).join(" ");
    }
    if ("detail" in body && typeof body.detail === "string") return body.detail;
    const parts = Object.entries(body).map(([field, value]) =>
      named(field, Array.isArray(value) ? value.map(String).join(" ") : String(value)),
    );
    if (parts.length > 0) return parts.join(" ");
  }
  return `The server answered ${status}.`;
}

function csrfToken(): string {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  if (cookie) return decodeURIComponent(cookie.slice("csrftoken=".length));
  return document.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
}

export type SessionChanges = Partial<ModelSettings> & { title?: string };
export type PresetFields = ModelSettings & { name: string; description: string; is_public: boolean };

export class Api {
  /** `base` ends with a slash; `onLoggedOut` hears of every 401. */
  constructor(
    private readonly base: string,
    private readonly onLoggedOut: () => void,
  ) {}

  createSession(fields: SessionChanges = {}): Promise<Session> {
    return this.request("POST", "sessions/", fields);
  }

  updateSession(id: string, changes: SessionChanges): Promise<Session> {
    return this.request("PATCH", `sessions/${id}/`, changes);
  }

  deleteSession(id: string): Promise<void> {
    return this.request("DELETE", `sessions/${id}/`);
  }

  searchSessions(text: string): Promise<Page<Session>> {
    return this.request("GET", `sessions/?search=${encodeURIComponent(text)}`);
  }

  session(id: string): Promise<Session> {
    return this.request("GET", `sessions/${id}/`);
  }

  /** A page of messages, the latest first. */
  messages(id: string, page = 1): Promise<Page<Message>> {
    return this.request("GET", `sessions/${id}/messages/?ordering=-created_at&page=${page}`);
  }

  models(): Promise<ModelPage> {
    return this.request("GET", "models/?page_size=200");
  }

  /** The person's own default model; null for the system's. */
  async defaultModel(): Promise<string | null> {
    return (await this.request<{ default_model: string | null }>("GET", "preferences/")).default_model;
  }

  async setDefaultModel(name: string | null): Promise<void> {
    await this.request("PATCH", "preferences/", { default_model: name });
  }

  async tools(): Promise<Tool[]> {
    return (await this.request<{ tools: Tool[] }>("GET", "tools/")).tools;
  }

  presets(): Promise<Page<Preset>> {
    return this.request("GET", "presets/?page_size=200");
  }

  createPreset(fields: PresetFields): Promise<Preset> {
    return this.request("POST", "presets/", fields);
  }

  deletePreset(id: number): Promise<void> {
    return this.request("DELETE", `presets/${id}/`);
  }

  startFromPreset(id: number): Promise<Session> {
    return this.request("POST", `presets/${id}/create_session_from_preset/`, {});
  }

  private async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response: Response;
    try {
      response = await fetch(this.base + path, {
        method,
        headers,
        credentials: "same-origin",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new ApiError(0, "The server cannot be reached. Try again in a moment.");
    }
    if (response.status === 204) return undefined as T;
    const parsed: unknown = await response.json().catch(() => null);
    if (response.ok) return parsed as T;
    if (response.status === 401) this.onLoggedOut();
    throw new ApiError(response.status, errorText(response.status, parsed));
  }
}
