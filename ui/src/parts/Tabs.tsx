import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";

export interface TabItem {
  name: string;
  label: ReactNode;
}

/** Tabs with the keys that people expect: arrows move, Tab leaves. */
export function Tabs({
  items,
  current,
  label,
  onPick,
  end,
  children,
}: {
  items: readonly TabItem[];
  current: string;
  label: string;
  onPick: (name: string) => void;
  end?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  const bar = useRef<HTMLDivElement>(null);

  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = items.findIndex((item) => item.name === current);
    const next = items[(at + step + items.length) % items.length];
    if (!next) return;
    onPick(next.name);
    bar.current?.querySelector<HTMLButtonElement>(`[data-tab="${next.name}"]`)?.focus();
  };

  return (
    <>
      <div className="tabs-bar">
        <div className="tabs" role="tablist" aria-label={label} ref={bar} onKeyDown={move}>
          {items.map((item) => (
            <button
              key={item.name}
              type="button"
              role="tab"
              id={`${id}-${item.name}`}
              data-tab={item.name}
              aria-selected={item.name === current}
              aria-controls={`${id}-panel`}
              tabIndex={item.name === current ? 0 : -1}
              onClick={() => onPick(item.name)}
            >
              {item.label}
            </button>
          ))}
        </div>
        {end}
      </div>
      <div className="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${current}`}>
        {children}
      </div>
    </>
  );
}
