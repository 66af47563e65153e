import type { RunFilter } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { plural } from "../../parts/formats";
import { isFiltered } from "./filters";

/** What can be done with the runs that are picked, or with all that fit the filter. */
export function Bulk({
  chosen,
  filter,
  onBulk,
  onClear,
}: {
  chosen: number;
  filter: RunFilter;
  onBulk: (action: "cancel" | "retry", all: boolean) => void;
  onClear: () => void;
}) {
  const only = (name: string) => filter.status.length === 1 && filter.status[0] === name;
  const isOpen = filter.status.length > 0 && filter.status.every((name) => name === "started" || name === "paused");
  if (chosen > 0) {
    return (
      <div className="bulk card" role="status">
        <strong>{plural(chosen, "run")} picked</strong>
        <button type="button" className="button small" onClick={() => onBulk("retry", false)}>
          <Icon shape="again" /> Retry
        </button>
        <button type="button" className="button small danger" onClick={() => onBulk("cancel", false)}>
          Cancel …
        </button>
        <button type="button" className="quiet small" onClick={onClear}>
          Pick none
        </button>
      </div>
    );
  }
  if (!isFiltered(filter) || !(only("failed") || isOpen)) return null;
  return (
    <div className="row">
      {only("failed") ? (
        <button type="button" className="button small" onClick={() => onBulk("retry", true)}>
          <Icon shape="again" /> Retry all that fit …
        </button>
      ) : (
        <button type="button" className="button small danger" onClick={() => onBulk("cancel", true)}>
          Cancel all that fit …
        </button>
      )}
    </div>
  );
}
