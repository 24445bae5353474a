// Holds the frames that the AI chat page reads and writes against the sandbox's AsyncAPI document;
// tools/check_typescript.sh has tsc check it.
import type {
  AiChatSessionIncoming,
  AiChatSessionOutgoing,
  AiChatSessionsIncoming,
  AiChatSessionsOutgoing,
} from "./sandbox/index.js";
import type { ListIn, ListOut, SessionIn, SessionOut } from "./types.ts";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

// Optional in the document, because the documented form leaves it out: with chunks=delta it is there.
type Present<T> = T extends (infer Item)[]
  ? Present<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Present<NonNullable<T[Key]>> }
    : T;

type Frame = { type: string };
type Misread<Server extends Frame, Page extends Frame> = {
  [Type in Page["type"]]: Present<Extract<Server, { type: Type }>> extends Present<Extract<Page, { type: Type }>>
    ? never
    : Type;
}[Page["type"]];

const everyFrameIsKnown: Same<SessionIn["type"], AiChatSessionIncoming["type"]> = true;
const everyListFrameIsKnown: Same<ListIn["type"], AiChatSessionsIncoming["type"]> = true;
const framesAreReadRight: Same<Misread<AiChatSessionIncoming, SessionIn>, never> = true;
const listFramesAreReadRight: Same<Misread<AiChatSessionsIncoming, ListIn>, never> = true;

declare const frame: SessionOut;
declare const listFrame: ListOut;
const sent: AiChatSessionOutgoing = frame;
const listSent: AiChatSessionsOutgoing = listFrame;

void [everyFrameIsKnown, everyListFrameIsKnown, framesAreReadRight, listFramesAreReadRight, sent, listSent];
