import { describe, expect, test } from "vitest";
import { blocksOf, renderMarkdown, spokenText } from "../src/markdown/render.ts";

function rendered(text: string): HTMLElement {
  const element = document.createElement("div");
  element.innerHTML = renderMarkdown(text);
  return element;
}

/** What could run, load or submit something, wherever it hides. */
function dangers(element: HTMLElement): string[] {
  const found = [...element.querySelectorAll("script, iframe, object, embed, img, svg, math, style, form, input, link, base")]
    .map((item) => item.tagName);
  for (const item of element.querySelectorAll("*")) {
    for (const { name, value } of item.attributes) {
      if (name.startsWith("on") || name === "style" || name === "src") found.push(`${item.tagName}.${name}`);
      if (name === "href" && !/^(https?:\/\/|mailto:)/.test(value)) found.push(value);
    }
  }
  return found;
}

describe("Markdown", () => {
  test.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "text <b onmouseover=alert(1)>bold</b>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](\u0001javascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](/logout)",
    "<javascript:alert(1)>",
    "![tracker](https://example.com/pixel.png?secret)",
    "![x](x\"onerror=\"alert(1))",
    "[a](https://example.com/\"onclick=\"alert(1))",
    "```\"><img src=x onerror=alert(1)>\ncode\n```",
    "```html\n<script>alert(1)</script>\n```",
    "| a |\n|---|\n| <svg onload=alert(1)> |",
    "<style>*{display:none}</style>",
    "<form action=https://example.com><input name=password></form>",
    "- [x] <iframe src=//example.com>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "[ref]\n\n[ref]: javascript:alert(1)",
  ])("does nothing with %j", (text) => {
    expect(dangers(rendered(text))).toEqual([]);
  });

  test("shows HTML as the text that it is", () => {
    const shown = rendered("a <b>bold</b> word\n\n<div class=x>block</div>");
    expect(shown.textContent).toContain("a <b>bold</b> word");
    expect(shown.textContent).toContain("<div class=x>block</div>");
  });

  test("shows emphasis, lists, tables and links", () => {
    const shown = rendered("# Head\n\n**bold** and *it*\n\n1. one\n2. two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[site](https://example.com)");
    expect(shown.querySelector("h3")?.textContent).toBe("Head");
    expect(shown.querySelector("strong")?.textContent).toBe("bold");
    expect(shown.querySelectorAll("ol li")).toHaveLength(2);
    expect(rendered("3. three\n4. four").querySelector("ol")?.start).toBe(3);
    expect(shown.querySelectorAll("td")).toHaveLength(2);
    const link = shown.querySelector("a");
    expect(link?.getAttribute("href")).toBe("https://example.com");
    expect(link?.rel).toContain("noopener");
    expect(link?.target).toBe("_blank");
  });

  test("names an image without loading it", () => {
    const link = rendered("![a cat](https://example.com/cat.png)").querySelector("a");
    expect(link?.textContent).toBe("image: a cat");
  });

  test("colours code and keeps it as it was written", () => {
    const code = 'def f(x):\n    return "<b>" & x\n';
    const shown = rendered(`\`\`\`python\n${code}\`\`\``);
    expect(shown.querySelector("pre")?.textContent).toBe(code.trimEnd());
    expect(shown.querySelector(".hljs-keyword")?.textContent).toBe("def");
    expect(shown.querySelector("button[data-copy]")?.textContent).toBe("Copy");
    expect(shown.querySelector(".code-head span")?.textContent).toBe("python");
    expect(rendered("```klingon\nQapla'\n```").querySelector("pre")?.textContent).toBe("Qapla'");
  });

  test("is read out without its marks", () => {
    expect(spokenText("**So**: use `x` [here](https://example.com).\n\n```python\nx = 1\n```")).toBe(
      "So: use x here.\nx = 1",
    );
  });

  test("shows a fence that is still open as code", () => {
    expect(rendered("So:\n\n```python\ndef f").querySelector("pre")?.textContent).toBe("def f");
  });

  test("leaves finished blocks as they are while an answer grows", () => {
    const text = "First paragraph.\n\n- a\n- b\n\n```python\nx = 1\n```\n\nLast one.";
    const final = blocksOf(text).blocks.map(({ raw }) => raw.trimEnd());
    for (let end = 1; end <= text.length; end += 1) {
      const { blocks } = blocksOf(text.slice(0, end));
      const finished = blocks.slice(0, -1).map(({ raw }) => raw.trimEnd());
      expect(final.slice(0, finished.length)).toEqual(finished);
    }
  });
});
