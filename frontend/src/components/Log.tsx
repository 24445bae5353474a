import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { Icon } from "./Icon.tsx";

const NEAR_END_PX = 60;

/** The scrolled part of a conversation: stays at its end while text arrives, unless the person has scrolled up. */
export function Log({ version, children }: { version: unknown; children: ReactNode }) {
  const ref = useRef<HTMLOListElement>(null);
  const following = useRef(true);
  const [away, setAway] = useState(false);

  useLayoutEffect(() => {
    const log = ref.current;
    if (log && following.current) log.scrollTop = log.scrollHeight;
  }, [version]);

  const scrolled = (): void => {
    const log = ref.current;
    if (!log) return;
    following.current = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
    setAway(!following.current);
  };
  const toEnd = (): void => {
    following.current = true;
    setAway(false);
    if (ref.current) ref.current.scrollTop = ref.current.scrollHeight;
    ref.current?.focus();
  };
  return (
    <div className="log-frame">
      <ol id="log" ref={ref} className="log" tabIndex={0} aria-label="Messages" onScroll={scrolled}>
        {children}
      </ol>
      {away && (
        <button type="button" className="small to-end" onClick={toEnd}>
          <Icon name="down" /> Latest
        </button>
      )}
    </div>
  );
}
