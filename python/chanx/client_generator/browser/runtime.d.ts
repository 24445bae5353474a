/** What a message has, unless its consumer tells messages apart by another field. */
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

/** The actions of messages that are told apart by the field K. */
type ActionOf<M, K extends string> = M extends Record<K, infer A extends string> ? A : never;
type OfAction<M, K extends string, A> = A extends "*" ? M : Extract<M, Record<K, A>>;

/** A connection that comes back by itself; close codes 4400 to 4499 are refusals and final. */
export declare class Connection<In = Message, Out = Message, K extends string = "action"> {
  constructor(url: string | URL, options?: ConnectionOptions, discriminator?: K);
  readonly url: string;
  readonly state: State;
  connect(): this;
  /** Resolves when the connection is open; rejects when it is closed for good before that. */
  opened(): Promise<void>;
  close(code?: number, reason?: string): void;
  /** Have a function called with each message of an action, `"*"` for all; returns how to stop that. */
  on<A extends ActionOf<In, K> | "*">(action: A, handler: (message: OfAction<In, K, A>) => void): () => void;
  onState(handler: (change: StateChange) => void): () => void;
  /** Send a message; throws while there is no open connection. */
  send(message: Out): void;
  /** Send a message and wait for the answer to it. */
  request(message: Out): Promise<In | ProtocolMessage>;
  topic<T>(topicClass: new (connection: any, name: string) => T, name: string): T;
}

/** One topic on a connection; subscribed again after each reconnection. */
export declare class Topic<In = Message, Out = Message, K extends string = "action"> {
  constructor(connection: Connection<any, any, any>, name: string, discriminator?: K);
  readonly connection: Connection<any, any, any>;
  readonly name: string;
  subscribe(): Promise<ProtocolMessage>;
  unsubscribe(): Promise<ProtocolMessage>;
  on<A extends ActionOf<In, K> | "*">(action: A, handler: (message: OfAction<In, K, A>) => void): () => void;
  send(message: Out): void;
  request(message: Out): Promise<In | ProtocolMessage>;
}

export declare function fill(template: string, values: Record<string, string | number>): string;
export declare function channelUrl(path: string, values: Record<string, string | number>, options: ConnectionOptions): string;
