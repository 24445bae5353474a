/** What every message has. */
export interface Message {
  action: string;
  payload?: unknown;
}

/** An answer about a topic itself, or an error. */
export interface ProtocolMessage {
  action: "subscribed" | "unsubscribed" | "error";
  payload?: unknown;
}

/** `waiting` for the next attempt to connect; `closed` for good. */
export type State = "connecting" | "open" | "waiting" | "closed";

export interface StateChange {
  state: State;
  /** Close code of the connection, 0 while there is none. */
  code: number;
  reason: string;
}

export interface ConnectionOptions {
  /** Scheme and host, for example `wss://example.com`; by default the page's own server. */
  baseUrl?: string;
  /** Query parameters of the handshake. */
  query?: Record<string, string | number | boolean>;
  protocols?: string | string[];
  /** First and longest pause before connecting again, in milliseconds. */
  minDelay?: number;
  maxDelay?: number;
  /** Longest time to wait for an answer, in milliseconds. */
  requestTimeout?: number;
}

type OfAction<M extends Message, A extends M["action"] | "*"> = A extends "*" ? M : Extract<M, { action: A }>;

/** A connection that comes back by itself; close codes 4400 to 4499 are refusals and final. */
export declare class Connection<In extends Message = Message, Out extends Message = Message> {
  constructor(url: string | URL, options?: ConnectionOptions);
  readonly url: string;
  readonly state: State;
  connect(): this;
  /** Resolves when the connection is open; rejects when it is closed for good before that. */
  opened(): Promise<void>;
  close(code?: number, reason?: string): void;
  /** Have a function called with each message of an action, `"*"` for all; returns how to stop that. */
  on<A extends In["action"] | "*">(action: A, handler: (message: OfAction<In, A>) => void): () => void;
  onState(handler: (change: StateChange) => void): () => void;
  /** Send a message; throws while there is no open connection. */
  send(message: Out): void;
  /** Send a message and wait for the answer to it. */
  request(message: Out): Promise<In | ProtocolMessage>;
  topic<T>(topicClass: new (connection: any, name: string) => T, name: string): T;
}

/** One topic on a connection; subscribed again after each reconnection. */
export declare class Topic<In extends Message = Message, Out extends Message = Message> {
  constructor(connection: Connection<any, any>, name: string);
  readonly connection: Connection<any, any>;
  readonly name: string;
  subscribe(): Promise<ProtocolMessage>;
  unsubscribe(): Promise<ProtocolMessage>;
  on<A extends In["action"] | "*">(action: A, handler: (message: OfAction<In, A>) => void): () => void;
  send(message: Out): void;
  request(message: Out): Promise<In | ProtocolMessage>;
}

export declare function fill(template: string, values: Record<string, string | number>): string;
export declare function channelUrl(path: string, values: Record<string, string | number>, options: ConnectionOptions): string;
