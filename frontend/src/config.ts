/** What Django's template says of this page. */
export interface Config {
  /** Who is logged in. */
  user: string | null;
  /** Addresses; `api` and `sockets` end with a slash. */
  api: string;
  sockets: string;
  login: string;
}

export function readConfig(): Config {
  const element = document.getElementById("ai-chat-config");
  if (!element?.textContent) throw new Error("The page has no #ai-chat-config");
  const config = JSON.parse(element.textContent) as Config;
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return { ...config, sockets: `${scheme}//${location.host}${config.sockets}` };
}
