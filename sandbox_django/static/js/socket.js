// A WebSocket that comes back by itself, answers for its own liveness and logs every frame.

const FIRST_DELAY = 500; // ms; doubles with each failure
const LONGEST_DELAY = 15000;
const PING_EVERY = 20000;
const PONG_WITHIN = 10000;

/**
 * States, as the "state" event's detail tells them: "connecting", "open", "waiting" (for the next
 * attempt), "refused" (the server does not want this connection), "closed" (by the page).
 *
 * The state is "open" once the server has answered the first ping: it takes frames one after the
 * other, so by then the connection has joined its groups.
 */
export class Socket extends EventTarget {
  #socket = null;
  #failures = 0;
  #timer = 0;
  #heart = 0;
  #deadline = 0;

  /** Without a heartbeat the connection is open once the server has authenticated it. */
  constructor(path, { heartbeat = true } = {}) {
    super();
    this.heartbeat = heartbeat;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.url = `${scheme}//${location.host}${path}`;
    this.state = "closed";
    this.retry = () => {
      if (this.state === "waiting" && document.visibilityState === "visible") this.#connect();
    };
  }

  open() {
    addEventListener("online", this.retry);
    document.addEventListener("visibilitychange", this.retry);
    this.#connect();
  }

  close() {
    removeEventListener("online", this.retry);
    document.removeEventListener("visibilitychange", this.retry);
    this.#forget();
    this.#tell("closed");
  }

  /** Sends a message; false if the connection is not open, so that nothing is lost silently. */
  send(action, payload) {
    if (this.state !== "open") return false;
    this.#write(payload === undefined ? { action } : { action, payload });
    return true;
  }

  #connect() {
    this.#forget();
    this.#tell("connecting");
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onopen = () => this.heartbeat && this.#ping();
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#lost(event);
  }

  #receive(text) {
    clearTimeout(this.#deadline);
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      console.error("ws in, not JSON", text);
      return;
    }
    console.log("ws in", frame);
    const ready = this.heartbeat ? "pong" : "authentication";
    if (frame.action === ready && this.state === "connecting" && (frame.payload?.statusCode ?? 200) < 400) {
      this.#failures = 0;
      this.#tell("open");
      if (this.heartbeat) this.#heart = setInterval(() => this.#ping(), PING_EVERY);
    }
    if (frame.action === "pong") return;
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  #ping() {
    this.#write({ action: "ping" });
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      console.warn("ws: no answer to a ping");
      this.#lost({ code: 0 });
    }, PONG_WITHIN);
  }

  #write(frame) {
    console.log("ws out", frame);
    this.#socket.send(JSON.stringify(frame));
  }

  #lost(event) {
    this.#forget();
    console.log("ws closed", event.code);
    if (event.code >= 4400 && event.code < 4500) {
      this.#tell("refused");
      return;
    }
    const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#failures++);
    // Jitter: after a restart not every page comes back in the same moment.
    const delay = longest * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#tell("waiting");
  }

  #forget() {
    clearTimeout(this.#timer);
    clearTimeout(this.#deadline);
    clearInterval(this.#heart);
    if (this.#socket) {
      this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
      this.#socket.close();
      this.#socket = null;
    }
  }

  #tell(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
