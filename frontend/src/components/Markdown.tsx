import { memo, type MouseEvent, useMemo } from "react";
import type { Token } from "marked";
import { copyFrom } from "../markdown/copy.ts";
import { blocksOf, renderBlock } from "../markdown/render.ts";

/** One block; while an answer grows only the last one changes, and only that is rendered again. */
const Block = memo(
  function Block({ block }: { block: Token; links: string }) {
    return <div dangerouslySetInnerHTML={{ __html: renderBlock(block) }} />;
  },
  (before, after) => before.block.raw === after.block.raw && before.links === after.links,
);

function copyCode(event: MouseEvent<HTMLElement>): void {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-copy]") : null;
  const code = button?.closest(".code")?.querySelector("pre");
  if (button && code) void copyFrom(button, code.textContent ?? "");
}

export function Markdown({ text }: { text: string }) {
  const { blocks, links } = useMemo(() => blocksOf(text), [text]);
  return (
    <div className="prose" onClick={copyCode}>
      {blocks.map((block, index) => (
        <Block key={index} block={block} links={links} />
      ))}
    </div>
  );
}
