import type { ReactNode } from "react";

import type { ApiError } from "../api/client";
import { Icon } from "./Icon";

/** An error in a sentence, where the thing that failed would stand. */
export function Problem({ error, again }: { error: ApiError; again?: () => void }) {
  return (
    <div className="problem tone-bad" role="alert">
      <Icon shape="cross" />
      <div>
        <p>{error.message}</p>
        {error.differences.length > 0 && (
          <ul>
            {error.differences.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
      </div>
      {again && (
        <button type="button" className="button small" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Nothing here yet: what it means and what to do next. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
