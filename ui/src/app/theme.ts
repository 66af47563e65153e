import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const KEY = "pgflow-theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

// Private windows may refuse storage; then the choice lasts as long as the page.
let chosen: Theme | null = null;
try {
  const kept = localStorage.getItem(KEY);
  if (kept === "light" || kept === "dark") chosen = kept;
} catch {
  chosen = null;
}

function current(): Theme {
  return chosen ?? (dark.matches ? "dark" : "light");
}

export function applyTheme(): void {
  document.documentElement.dataset["theme"] = current();
  for (const listener of listeners) listener();
}

dark.addEventListener("change", applyTheme);

export function toggleTheme(): void {
  chosen = current() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // See above.
  }
  applyTheme();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, current);
}
