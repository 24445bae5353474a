// What screen readers are told: one polite live region for the whole page, so that an answer is not read out
// token by token.

import { Observable } from "./live/observable.ts";

export const announcement = new Observable("");

/** Has a text read out; the same one twice is read twice. */
export function announce(text: string): void {
  const repeated = announcement.get() === text;
  announcement.set(repeated ? `${text}\u00a0` : text);
}
