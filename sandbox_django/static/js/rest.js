// Requests to the REST API: keys in camel case, as on the WebSocket; refusals as errors with a sentence.

import { refusal } from "./page.js";

const camel = (key) => key.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** The same value with the keys of all objects in it in camel case. */
export function camelKeys(value) {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [camel(key), camelKeys(inner)]));
}

export async function request(path, method = "GET", body = undefined) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        "Content-Type": "application/json",
        "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "",
      },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Error("The server did not answer. Try again in a moment.");
  }
  if (!response.ok) throw new Error(await refusal(response));
  return response.status === 204 ? {} : camelKeys(await response.json());
}

/** Everything of a paged list. */
export async function requestAll(path) {
  const results = [];
  for (let next = path; next; ) {
    const page = await request(next);
    results.push(...page.results);
    next = page.next;
  }
  return results;
}
