import { type ReactNode, type UIEvent, useLayoutEffect, useRef, useState } from "react";

import { windowOf } from "./windows";

/** Rows of one height, of which only those in sight exist. */
export function VirtualList({
  count,
  rowHeight,
  maxHeight,
  label,
  row,
  onEnd,
}: {
  count: number;
  rowHeight: number;
  maxHeight: number;
  label: string;
  row: (index: number) => ReactNode;
  onEnd?: (() => void) | undefined;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = Math.min(maxHeight, count * rowHeight);
  const { first, last } = windowOf(top, height, rowHeight, count);

  useLayoutEffect(() => {
    if (box.current) setTop(box.current.scrollTop);
  }, [count]);

  const scroll = (event: UIEvent<HTMLDivElement>) => {
    const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
    setTop(scrollTop);
    if (scrollHeight - scrollTop - clientHeight < 4 * rowHeight) onEnd?.();
  };

  const rows: ReactNode[] = [];
  for (let index = first; index < last; index++) {
    rows.push(
      <div key={index} className="virtual-row" role="listitem" style={{ top: index * rowHeight, height: rowHeight }}>
        {row(index)}
      </div>,
    );
  }
  return (
    <div className="virtual" ref={box} onScroll={scroll} style={{ height }} tabIndex={0} role="group" aria-label={label}>
      <div className="virtual-inner" role="list" style={{ height: count * rowHeight }}>
        {rows}
      </div>
    </div>
  );
}
