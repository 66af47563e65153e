/** Drawn here, so that no font decides how a status looks. On a ground of 16 by 16. */
const SHAPES = {
  ring: <circle cx="8" cy="8" r="5" />,
  clock: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 5v3.2l2.2 1.3" />
    </>
  ),
  dot: <circle cx="8" cy="8" r="4.5" className="filled" />,
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" />,
  check: <path d="M3 8.5l3.3 3.3L13 5" />,
  cross: <path d="M4 4l8 8M12 4l-8 8" />,
  barred: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M4.2 11.8l7.6-7.6" />
    </>
  ),
  skip: <path d="M2.5 11a5.3 5.3 0 0 1 10-2.5M13 4v4.6H8.6" />,
  half: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" className="filled" />
    </>
  ),
  question: <path d="M5.2 6a2.8 2.8 0 1 1 4.3 2.4c-1 .6-1.5 1-1.5 2M8 13v.1" />,
  square: <rect x="4" y="4" width="8" height="8" className="filled" />,
  play: <path d="M5 3.2l7.5 4.8L5 12.8z" className="filled" />,
  again: <path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 3.2V3A1.5 1.5 0 0 0 9 1.5H4A1.5 1.5 0 0 0 2.5 3v5A1.5 1.5 0 0 0 4 9.5h.2" />
    </>
  ),
  sun: (
    <>
      <circle cx="8" cy="8" r="3" />
      <path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9L13 13M3 13l1.1-1.1M11.9 4.1L13 3" />
    </>
  ),
  moon: <path d="M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z" />,
} as const;

export type Shape = keyof typeof SHAPES;

export function Icon({ shape, className = "" }: { shape: Shape; className?: string }) {
  return (
    <svg className={`icon ${className}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {SHAPES[shape]}
    </svg>
  );
}
