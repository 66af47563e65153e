import type { FlowOptions, Shape } from "../../../api/types";
import { OptionField } from "./OptionField";

export function FlowOptionsForm({
  shape,
  onChange,
}: {
  shape: Shape;
  onChange: (edit: (shape: Shape) => Shape) => void;
}) {
  const set = (name: keyof FlowOptions) => (value: number | null) =>
    onChange((old) => ({ ...old, options: { ...old.options, [name]: value } }));
  return (
    <aside className="card panel" aria-label="Options of the flow">
      <div className="panel-head">
        <h2>Options of the flow</h2>
      </div>
      <div className="panel-body">
        <p className="soft">Select a step to change it. Draw from the right edge of a step to the left edge of another to let it depend on the first; select an arrow and press Delete to take it out.</p>
        <div className="option-grid">
          <OptionField label="Attempts" hint="for each task" least={1} value={shape.options.max_attempts} onChange={set("max_attempts")} />
          <OptionField label="Base delay" hint="seconds, doubles" least={0} value={shape.options.base_delay} onChange={set("base_delay")} />
          <OptionField label="Timeout" hint="seconds" least={1} value={shape.options.timeout} onChange={set("timeout")} />
        </div>
      </div>
    </aside>
  );
}
