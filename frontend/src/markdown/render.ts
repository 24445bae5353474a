// Markdown of a model as HTML that is safe to show: no HTML of the model's own, no images from elsewhere, only
// links that a person can see through. DOMPurify stands behind it in case the parser errs.

import DOMPurify from "dompurify";
import { Marked, Renderer, type Token, type Tokens, type TokensList } from "marked";
import { escapeHtml } from "./escape.ts";
import { highlight } from "./highlight.ts";

const SAFE_LINK = /^(?:https?:\/\/|mailto:)/i;

const ALLOWED_TAGS = (
  "p br strong em del code pre h3 h4 h5 h6 ul ol li blockquote hr table thead tbody tr th td a span div button"
).split(" ");
const PLAIN_ATTR = "title class tabindex role aria-label rel target type start align data-copy".split(" ");

class AnswerRenderer extends Renderer {
  override html({ text }: Tokens.HTML | Tokens.Tag): string {
    return escapeHtml(text);
  }

  override image({ href, text }: Tokens.Image): string {
    return this.anchor(href, `image: ${escapeHtml(text || href)}`);
  }

  override link({ href, tokens }: Tokens.Link): string {
    return this.anchor(href, this.parser.parseInline(tokens));
  }

  override heading({ depth, tokens }: Tokens.Heading): string {
    const level = Math.min(depth + 2, 6); // below the page's own headings
    return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
  }

  override checkbox({ checked }: Tokens.Checkbox): string {
    return checked ? "☑ " : "☐ ";
  }

  override table(token: Tokens.Table): string {
    return `<div class="scroll" tabindex="0" role="region" aria-label="Table">${super.table(token)}</div>`;
  }

  override code({ text, lang }: Tokens.Code): string {
    const language = (lang ?? "").trim().split(/\s+/)[0] ?? "";
    const shown = escapeHtml(language || "code");
    return (
      `<div class="code"><div class="code-head"><span>${shown}</span>` +
      `<button type="button" class="small" data-copy="code">Copy</button></div>` +
      `<pre tabindex="0" role="region" aria-label="Code, ${shown}"><code>${highlight(text, language)}</code></pre></div>\n`
    );
  }

  private anchor(href: string, inner: string): string {
    if (!SAFE_LINK.test(href)) return inner;
    return `<a href="${escapeHtml(href)}" target="_blank" rel="noopener noreferrer nofollow">${inner}</a>`;
  }
}

// Not by the constructor, which takes the methods of plain objects only.
const markdown = new Marked().setOptions({ gfm: true, breaks: true, renderer: new AnswerRenderer() });

/** The blocks of a text, and its link definitions, which may change what an earlier block is. */
export function blocksOf(text: string): { blocks: Token[]; links: string } {
  const tokens: TokensList = markdown.lexer(text);
  return { blocks: tokens.filter((token) => token.type !== "space"), links: JSON.stringify(tokens.links) };
}

export function renderBlock(block: Token): string {
  return DOMPurify.sanitize(markdown.parser([block]), {
    ALLOWED_TAGS,
    ALLOWED_ATTR: ["href", ...PLAIN_ATTR],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: true,
    ALLOWED_URI_REGEXP: SAFE_LINK,
    ADD_URI_SAFE_ATTR: PLAIN_ATTR,
  });
}

/** What a text says, for screen readers: without its marks and without the buttons at code. */
export function spokenText(text: string): string {
  const template = document.createElement("template");
  template.innerHTML = renderMarkdown(text);
  for (const head of template.content.querySelectorAll(".code-head")) head.remove();
  return (template.content.textContent ?? "").trim();
}

/** A whole text at once. */
export function renderMarkdown(text: string): string {
  return blocksOf(text).blocks.map(renderBlock).join("");
}
