import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from "react";

/** Where the page is: every view has an address that can be shared. */
export interface Place {
  path: string;
  query: URLSearchParams;
}

const MOVED = "pgflow:moved";

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(MOVED, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(MOVED, listener);
  };
}

export function usePlace(): Place {
  const address = useSyncExternalStore(subscribe, () => location.pathname + location.search);
  const url = new URL(address, location.origin);
  return { path: url.pathname, query: url.searchParams };
}

export function go(address: string, { replace = false } = {}): void {
  if (address === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  window.dispatchEvent(new Event(MOVED));
  if (!replace) window.scrollTo(0, 0);
}

/** Changes parameters of the address; null takes one out. */
export function goWith(changes: Record<string, string | null>): void {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  go(url.pathname + url.search, { replace: true });
}

export const addresses = {
  flows: () => "/",
  flow: (slug: string) => `/flows/${encodeURIComponent(slug)}`,
  runs: (flow?: string, status?: string) => {
    const query = new URLSearchParams();
    if (flow) query.set("flow", flow);
    if (status) query.set("status", status);
    return query.size ? `/runs?${query}` : "/runs";
  },
  run: (id: string, step?: string) => `/runs/${id}${step ? `?step=${encodeURIComponent(step)}` : ""}`,
  workers: () => "/workers",
};

/** A link that moves within the page, and opens elsewhere when asked to. */
export function Link({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const elsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0;
    if (event.defaultPrevented || elsewhere) return;
    event.preventDefault();
    go(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}
