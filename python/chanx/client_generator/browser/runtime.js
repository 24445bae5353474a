// The connection under every generated client: typed messages, reconnection, topics. No dependencies.

const FINAL_CODES = [1000, 1003, 1008];
const ENVELOPE = ["version", "topic", "ref", "seq"];

/** Says whether the server has refused for good: connecting again would be refused again. */
function isFinal(code) {
  return FINAL_CODES.includes(code) || (code >= 4400 && code < 4500);
}

/** Handlers by action; "*" stands for all. */
class Handlers {
  #byAction = new Map();

  on(action, handler) {
    const handlers = this.#byAction.get(action) ?? new Set();
    this.#byAction.set(action, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  call(action, value) {
    for (const name of [action, "*"]) {
      for (const handler of [...(this.#byAction.get(name) ?? [])]) {
        try {
          handler(value);
        } catch (error) {
          reportError(error); // one handler's mistake is no reason to leave out the others
        }
      }
    }
  }
}

export class Connection {
  #handlers = new Handlers();
  #states = new Handlers();
  #answers = new Map();
  #topics = new Map();
  #options;
  #discriminator;
  #socket = null;
  #timer = null;
  #attempts = 0;
  #nextRef = 1;
  #state = "closed";

  constructor(url, options = {}, discriminator = "action") {
    this.url = String(url);
    this.#discriminator = discriminator;
    this.#options = { minDelay: 500, maxDelay: 20000, requestTimeout: 10000, ...options };
  }

  get state() {
    return this.#state;
  }

  connect() {
    if (this.#state === "connecting" || this.#state === "open") return this;
    clearTimeout(this.#timer);
    this.#setState("connecting");
    const socket = new WebSocket(this.url, this.#options.protocols ?? []);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      if (socket !== this.#socket) return;
      this.#attempts = 0;
      this.#setState("open");
      for (const topic of this.#topics.values()) topic.resubscribe();
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#closed(event);
    });
    return this;
  }

  /** Resolves when the connection is open; rejects when it is closed for good before that. */
  opened() {
    if (this.#state === "open") return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = this.onState((change) => {
        if (change.state === "open" || change.state === "closed") stop();
        if (change.state === "open") resolve();
        if (change.state === "closed") reject(new Error(`closed with ${change.code}: ${change.reason}`));
      });
    });
  }

  close(code = 1000, reason = "") {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(code, reason);
    this.#failAnswers("the connection was closed");
    if (this.#state !== "closed") this.#setState("closed", code, reason);
  }

  on(action, handler) {
    return this.#handlers.on(action, handler);
  }

  onState(handler) {
    return this.#states.on("*", handler);
  }

  send(message) {
    if (this.#state !== "open") throw new Error(`not connected to ${this.url} (${this.#state})`);
    this.#socket.send(JSON.stringify(message));
  }

  request(message, envelope = {}) {
    const ref = String(this.#nextRef++);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#answers.delete(ref);
        reject(new Error(`no answer to ${message[this.#discriminator]} within ${this.#options.requestTimeout} ms`));
      }, this.#options.requestTimeout);
      this.#answers.set(ref, { resolve, reject, timer });
      try {
        this.send({ ...message, version: 1, ...envelope, ref });
      } catch (error) {
        clearTimeout(timer);
        this.#answers.delete(ref);
        reject(error);
      }
    });
  }

  topic(TopicClass, name) {
    const known = this.#topics.get(name);
    if (known instanceof TopicClass) return known;
    const topic = new TopicClass(this, name);
    this.#topics.set(name, topic);
    return topic;
  }

  #receive(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    const envelope = Object.fromEntries(ENVELOPE.filter((key) => key in frame).map((key) => [key, frame[key]]));
    const message = Object.fromEntries(Object.entries(frame).filter(([key]) => !ENVELOPE.includes(key)));
    const answer = this.#answers.get(envelope.ref);
    if (answer) {
      this.#answers.delete(envelope.ref);
      clearTimeout(answer.timer);
      answer.resolve(message);
    }
    const topic = envelope.topic && this.#topics.get(envelope.topic);
    if (topic) topic.dispatch(message, envelope);
    else if (!envelope.topic) this.#handlers.call(message[this.#discriminator], message);
  }

  #closed(event) {
    this.#socket = null;
    this.#failAnswers(`the connection was lost (${event.code})`);
    if (isFinal(event.code)) {
      this.#setState("closed", event.code, event.reason);
      return;
    }
    const ceiling = Math.min(this.#options.maxDelay, this.#options.minDelay * 2 ** this.#attempts++);
    const delay = ceiling / 2 + Math.random() * (ceiling / 2); // not all clients at the same moment
    this.#timer = setTimeout(() => this.connect(), delay);
    this.#setState("waiting", event.code, event.reason);
  }

  #failAnswers(reason) {
    for (const { reject, timer } of this.#answers.values()) {
      clearTimeout(timer);
      reject(new Error(reason));
    }
    this.#answers.clear();
  }

  #setState(state, code = 0, reason = "") {
    this.#state = state;
    this.#states.call("*", { state, code, reason });
  }
}

export class Topic {
  #handlers = new Handlers();
  #subscribed = false;
  #discriminator;

  constructor(connection, name, discriminator = "action") {
    this.#discriminator = discriminator;
    this.connection = connection;
    this.name = name;
  }

  async subscribe() {
    const answer = await this.connection.request({ action: "subscribe" }, { topic: this.name });
    this.#subscribed = answer.action === "subscribed";
    return answer;
  }

  unsubscribe() {
    this.#subscribed = false;
    return this.connection.request({ action: "unsubscribe" }, { topic: this.name });
  }

  on(action, handler) {
    return this.#handlers.on(action, handler);
  }

  send(message) {
    this.connection.send({ ...message, version: 1, topic: this.name });
  }

  request(message) {
    return this.connection.request(message, { topic: this.name });
  }

  resubscribe() {
    if (this.#subscribed) this.subscribe().catch(() => {}); // the next connection tries again
  }

  dispatch(message) {
    this.#handlers.call(message[this.#discriminator], message);
  }
}

/** Puts values into a path or a topic. */
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => {
    if (values[name] === undefined) throw new Error(`no value for ${name} in ${template}`);
    return template.startsWith("/") ? encodeURIComponent(values[name]) : String(values[name]);
  });
}

/** Makes the URL of a channel; by default on the server that the page comes from. */
export function channelUrl(path, values, options) {
  const own = typeof location === "undefined" ? undefined : location.href.replace(/^http/, "ws");
  const url = new URL(fill(path, values), options.baseUrl ?? own);
  for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, String(value));
  return url.href;
}
