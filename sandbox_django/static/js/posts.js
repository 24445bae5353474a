// What topics and replies look like on both pages of the discussion.

import { make } from "./page.js";

const WHEN = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" });

export const authorName = (author) => author ?? "a deleted account";

export const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

export function time(iso) {
  const element = make("time", "", WHEN.format(new Date(iso)));
  element.dateTime = iso;
  return element;
}

export function button(className, words, act) {
  const element = make("button", className, words);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

/** Puts a fresh element where an old one was in use: the control that had the focus has it again. */
export function keepingFocus(old, fresh, put) {
  const controls = (element) => [...element.querySelectorAll("a, button, input, select, textarea")];
  const index = old ? controls(old).indexOf(document.activeElement) : -1;
  old?.remove();
  put(fresh);
  if (index >= 0) controls(fresh)[index]?.focus();
}

/** Buttons for and against with the score between; `why` says why one cannot vote, if so. */
export function voteElement({ score, myVote = 0 }, what, why, vote) {
  const place = make("div", "votes");
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", `Votes for ${what}`);
  const shown = make("span", "score", String(score));
  shown.setAttribute("aria-label", `Score ${score}`);
  const choice = (value, sign, words) => {
    const element = button("vote", sign, () => vote(Number(place.dataset.mine) === value ? 0 : value));
    element.setAttribute("aria-label", `${words} ${what}`);
    element.disabled = Boolean(why);
    if (why) element.title = why;
    return element;
  };
  const up = choice(1, "▲", "Vote for");
  const down = choice(-1, "▼", "Vote against");
  place.append(up, shown, down);
  showVotes(place, { score, myVote });
  return place;
}

/** Shows a new score, or one's own vote, or both. */
export function showVotes(place, { score, myVote }) {
  const [up, shown, down] = place.children;
  if (score !== undefined) {
    shown.textContent = String(score);
    shown.setAttribute("aria-label", `Score ${score}`);
  }
  if (myVote !== undefined) {
    place.dataset.mine = String(myVote);
    up.setAttribute("aria-pressed", String(myVote === 1));
    down.setAttribute("aria-pressed", String(myVote === -1));
  }
}
