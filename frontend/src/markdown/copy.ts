import { announce } from "../announce.ts";

/** Puts text on the clipboard; also where the page is served without TLS, and browsers have no clipboard interface. */
export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    if (done) return true;
  }
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

/** Copies, and lets the button say how it went for two seconds. */
export async function copyFrom(button: HTMLElement, text: string): Promise<void> {
  const done = await copyText(text);
  button.textContent = done ? "Copied" : "Not copied";
  announce(done ? "Copied" : "Copying is not allowed here");
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}
