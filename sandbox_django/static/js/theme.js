// The colours that a person has chosen: the system's, light or dark. No module: it runs before the page is painted.
// The key and its values are those of Django's admin, which therefore shows the same.
{
  const KEY = "theme";
  const NAMES = { auto: "as the system", light: "light", dark: "dark" };
  const CHOICES = Object.keys(NAMES);
  const root = document.documentElement;

  const kept = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // a browser that keeps nothing
    }
  };

  const show = (choice) => {
    root.dataset.theme = CHOICES.includes(choice) ? choice : "auto";
    const button = document.getElementById("theme");
    if (!button) return; // not parsed yet, or a page without
    button.hidden = false;
    button.title = `Colours: ${NAMES[root.dataset.theme]}`;
    button.setAttribute("aria-label", button.title);
  };

  const next = () => {
    const choice = CHOICES[(CHOICES.indexOf(root.dataset.theme) + 1) % CHOICES.length];
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // It holds for this page.
    }
    show(choice);
  };

  show(kept());
  document.addEventListener("DOMContentLoaded", () => {
    show(root.dataset.theme);
    document.getElementById("theme")?.addEventListener("click", next);
  });
  // Another window has chosen.
  addEventListener("storage", ({ key, newValue }) => {
    if (key === KEY || key === null) show(newValue);
  });
}
