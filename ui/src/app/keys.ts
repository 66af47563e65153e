import { useEffect, useRef } from "react";

/** What a key does, as the help shows it. `g r` means g, then r. */
export interface Shortcut {
  keys: string;
  does: string;
  run: () => void;
}

const known = new Set<readonly Shortcut[]>();
let pending = "";

export function shortcuts(): Shortcut[] {
  return [...known].flat();
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function onKey(event: KeyboardEvent): void {
  if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const typed = pending ? `${pending} ${event.key}` : event.key;
  const all = shortcuts();
  const found = all.find((shortcut) => shortcut.keys === typed);
  pending = !found && all.some((shortcut) => shortcut.keys.startsWith(`${typed} `)) ? typed : "";
  if (!found) return;
  event.preventDefault();
  found.run();
}

window.addEventListener("keydown", onKey);

/** Offers keys for as long as the component is there. */
export function useShortcuts(offered: readonly Shortcut[]): void {
  const latest = useRef(offered);
  latest.current = offered;
  const names = offered.map((shortcut) => shortcut.keys + shortcut.does).join("|");

  useEffect(() => {
    const registered = latest.current.map((shortcut, i) => ({
      ...shortcut,
      run: () => latest.current[i]?.run(),
    }));
    known.add(registered);
    return () => void known.delete(registered);
  }, [names]);
}
