import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { ApiError } from "./api/rest.ts";
import type { Observable } from "./live/observable.ts";

export function useObservable<T>(observable: Observable<T>): T {
  return useSyncExternalStore(observable.subscribe, observable.get);
}

export function problemText(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}

/** Something fetched when a component appears: the value, or why there is none. */
export function useFetched<T>(fetcher: () => Promise<T>): {
  value: T | null;
  problem: string;
  reload: () => void;
} {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState("");
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let current = true;
    fetcher().then(
      (fetched) => {
        if (!current) return;
        setValue(fetched);
        setProblem("");
      },
      (error: unknown) => current && setProblem(problemText(error)),
    );
    return () => {
      current = false;
    };
  }, [fetcher, turn]);
  return { value, problem, reload: useCallback(() => setTurn((before) => before + 1), []) };
}

/** The id of the chat in the page's address (`?chat=`), and how to go to another. */
export function useChatAddress(): [string | null, (id: string | null) => void] {
  const read = (): string | null => new URLSearchParams(location.search).get("chat");
  const [id, setId] = useState(read);
  useEffect(() => {
    const follow = (): void => setId(read());
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  const go = useCallback((next: string | null) => {
    if (next === read()) return;
    history.pushState(null, "", next === null ? location.pathname : `?chat=${encodeURIComponent(next)}`);
    setId(next);
  }, []);
  return [id, go];
}
