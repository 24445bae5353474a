// Putting an answer together from pieces that say where they belong. Positions count Unicode code points.

export interface AnswerText {
  text: string;
  /** How many code points `text` has. */
  position: number;
}

export const EMPTY_ANSWER: AnswerText = { text: "", position: 0 };

export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The text after its first `count` code points. */
function withoutFirst(text: string, count: number): string {
  let units = 0;
  for (const character of text) {
    if (count === 0) break;
    units += character.length;
    count -= 1;
  }
  return text.slice(units);
}

/**
 * Adds a piece to an answer.
 *
 * What the answer has already is skipped. Returns null when something between the answer's end and the piece is
 * missing: the caller then asks for the rest from `answer.position`.
 */
export function addPiece(answer: AnswerText, offset: number, content: string): AnswerText | null {
  if (offset > answer.position) return null;
  const end = offset + codePoints(content);
  if (end <= answer.position) return answer;
  return { text: answer.text + withoutFirst(content, answer.position - offset), position: end };
}
