// The contract of docs/ai-chat.md. tests/typing/ai_chat_contract.mts holds the frames against the sandbox's
// AsyncAPI document.

export type MessageStatus = "complete" | "streaming" | "stopped" | "failed";

export interface ToolCall {
  name: string;
  arguments: string;
  result: string;
}

export interface Message {
  id: string;
  role: "user" | "assistant";
  content: string;
  created_at: string;
  status: MessageStatus;
  error: string;
  model: string;
  tool_calls: ToolCall[];
}

/** What of a session or a preset decides how the model answers. */
export interface ModelSettings {
  model: string;
  temperature: number;
  max_tokens: number;
  system_prompt: string;
  tools: string[];
}

export interface Session extends ModelSettings {
  id: string;
  title: string;
  effective_model: string;
  is_active: boolean;
  message_count: number;
  last_message: string;
  streaming: string | null;
  created_at: string;
  updated_at: string;
}

export interface Model {
  id: number;
  name: string;
  is_active: boolean;
  is_default: boolean;
  owned_by: string;
  supports_tools: boolean;
  synced_at: string;
}

export interface Preset extends ModelSettings {
  id: number;
  name: string;
  description: string;
  is_public: boolean;
  is_mine: boolean;
  owner: string;
  created_at: string;
}

export interface Tool {
  name: string;
  description: string;
}

export interface Page<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

export interface ModelPage extends Page<Model> {
  default_model: string;
  notice: string;
}

export interface PongFrame {
  type: "pong";
}

export interface ErrorFrame {
  type: "error";
  message: string;
}

export type SessionIn =
  | { type: "connection_established"; session_id: string; message: string; streaming?: string; notice?: string }
  | { type: "user_message"; message: Message }
  | { type: "ai_typing"; message: string; message_id: string }
  | { type: "ai_message_chunk"; message_id: string; offset: number; content: string }
  | { type: "ai_message_complete"; message: Message }
  | { type: "message_updated"; message: Message }
  | { type: "messages_removed"; message_ids: string[] }
  | { type: "user_typing"; user: string }
  | { type: "user_stop_typing"; user: string }
  | { type: "session_updated"; session: Session }
  | { type: "session_deleted"; session_id: string }
  | ErrorFrame
  | PongFrame;

export type SessionOut =
  | { type: "send_message"; message: string }
  | { type: "typing" }
  | { type: "stop_typing" }
  | { type: "ping" }
  | { type: "stop" }
  | { type: "resume"; message_id: string; offset: number }
  | { type: "retry"; message_id?: string }
  | { type: "edit_message"; message_id: string; message: string };

export type ListIn =
  | { type: "connection_established"; message: string }
  | { type: "session_list"; sessions: Session[] }
  | { type: "session_created"; session: Session }
  | { type: "session_updated"; session: Session }
  | { type: "session_deleted"; session_id: string }
  | ErrorFrame
  | PongFrame;

export type ListOut = { type: "ping" } | { type: "list" };
