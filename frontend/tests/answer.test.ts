import { describe, expect, test } from "vitest";
import { addPiece, type AnswerText, codePoints, EMPTY_ANSWER } from "../src/chat/answer.ts";

const WHOLE = "Grüße 👋🏽 an alle: `x = 1`\n\n𝒜 family: 👨‍👩‍👧, and the end.";
const POINTS = [...WHOLE];

/** A number from 0 to `below`, the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

describe("an answer", () => {
  test("is put together from pieces in order", () => {
    let answer: AnswerText | null = EMPTY_ANSWER;
    for (let at = 0; at < POINTS.length && answer; at += 3) {
      answer = addPiece(answer, at, POINTS.slice(at, at + 3).join(""));
    }
    expect(answer).toEqual({ text: WHOLE, position: POINTS.length });
  });

  test("counts code points, not UTF-16 units", () => {
    expect(codePoints("a👋𝒜")).toBe(3);
    expect(addPiece({ text: "👋", position: 1 }, 1, "b")).toEqual({ text: "👋b", position: 2 });
  });

  test("skips what it has, also in the middle of surrogate pairs", () => {
    const begun = { text: "ab👋", position: 3 };
    expect(addPiece(begun, 0, "ab")).toBe(begun);
    expect(addPiece(begun, 2, "👋𝒜c")).toEqual({ text: "ab👋𝒜c", position: 5 });
    expect(addPiece(begun, 3, "")).toBe(begun);
  });

  test("takes nothing that lies beyond a gap", () => {
    expect(addPiece({ text: "ab", position: 2 }, 3, "d")).toBeNull();
  });

  test("is whole and undoubled whatever is cut, repeated or lost on the way", () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const next = random(seed);
      let answer: AnswerText = EMPTY_ANSWER;
      let sent = 0;
      for (let step = 0; answer.position < POINTS.length; step += 1) {
        expect(step).toBeLessThan(2000);
        const size = 1 + next(6);
        const piece = POINTS.slice(sent, sent + size).join("");
        const fate = next(10);
        if (fate === 0) {
          sent = Math.min(POINTS.length, sent + size); // lost
          continue;
        }
        const added = addPiece(answer, sent, piece);
        if (added === null) {
          sent = answer.position; // what a resume does
          continue;
        }
        answer = added;
        expect(WHOLE.startsWith(answer.text)).toBe(true);
        sent = fate === 1 ? next(POINTS.length) : Math.min(POINTS.length, sent + size); // 1: a reconnection
      }
      expect(answer.text).toBe(WHOLE);
    }
  });
});
