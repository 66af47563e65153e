import { useId, useState } from "react";

import type { Json, JsonSchema } from "../api/types";
import { parse } from "../parts/json";
import { blank, control, type Flaw, resolve } from "./schema";

interface FieldProps {
  name: string;
  path: string;
  schema: JsonSchema;
  root: JsonSchema;
  value: Json | undefined;
  isRequired: boolean;
  flaws: Flaw[];
  depth: number;
  onChange: (value: Json | undefined) => void;
}

/** The control for one value of the input, whatever its schema. */
export function SchemaField(props: FieldProps) {
  const { schema: found, isNullable } = resolve(props.schema, props.root);
  const asked = control(found, props.root, props.depth);
  const canBeAbsent = !props.isRequired || isNullable;
  if (asked.kind === "object" || asked.kind === "list") {
    return canBeAbsent ? <MaybeGroup {...props} isNullable={isNullable} /> : <Group {...props} />;
  }
  if (asked.kind === "check" && !isNullable) return <CheckField {...props} hint={found.description} />;
  return <PlainField {...props} found={found} isNullable={isNullable} />;
}

function CheckField({ name, value, onChange, hint }: FieldProps & { hint: string | undefined }) {
  return (
    <div className="field">
      <label className="check">
        <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
        <span className="mono">{name}</span>
      </label>
      {hint && <p className="hint">{hint}</p>}
    </div>
  );
}

function PlainField(props: FieldProps & { found: JsonSchema; isNullable: boolean }) {
  const { name, path, found, flaws, isRequired, isNullable } = props;
  const id = useId();
  const flaw = flaws.find((candidate) => candidate.path === path);
  const hints = [found.description, found.format && found.format !== "date" ? found.format : null, isRequired ? null : "optional"];
  const hint = hints.filter(Boolean).join(" · ");
  return (
    <div className="field">
      <label htmlFor={id}>
        <span className="mono">{name || "value"}</span> <span className="soft">{typeName(found, isNullable)}</span>
      </label>
      <Entry {...props} id={id} describedBy={flaw ? `${id}-flaw` : undefined} />
      {hint && <p className="hint">{hint}</p>}
      {flaw && (
        <p className="field-error" id={`${id}-flaw`}>
          {flaw.message}
        </p>
      )}
    </div>
  );
}

function typeName(schema: JsonSchema, isNullable: boolean): string {
  const plain = schema.enum ? "one of" : typeof schema.type === "string" ? schema.type : "JSON";
  return isNullable ? `${plain} or null` : plain;
}

type EntryProps = FieldProps & { found: JsonSchema; isNullable: boolean; id: string; describedBy: string | undefined };

function Entry({ found, root, value, isRequired, isNullable, onChange, id, describedBy, depth }: EntryProps) {
  const asked = control(found, root, depth);
  // An emptied field says "absent" or null where the schema allows that.
  const nothing: Json | undefined = isNullable && isRequired ? null : undefined;
  const shared = { id, className: "input", "aria-invalid": describedBy !== undefined, "aria-describedby": describedBy };

  if (asked.kind === "number") return <NumberEntry shared={shared} value={value} nothing={nothing} onChange={onChange} />;
  if (asked.kind === "choice" || asked.kind === "check") {
    const choices = asked.kind === "choice" ? asked.choices : [true, false];
    const at = choices.findIndex((choice) => JSON.stringify(choice) === JSON.stringify(value));
    return (
      <select {...shared} className="select" value={at} onChange={(event) => onChange(choices[Number(event.target.value)] ?? nothing)}>
        {(!isRequired || isNullable || at < 0) && <option value={-1}>{isNullable ? "null" : "not given"}</option>}
        {choices.map((choice, i) => (
          <option key={i} value={i}>
            {typeof choice === "string" ? choice : JSON.stringify(choice)}
          </option>
        ))}
      </select>
    );
  }
  if (asked.kind === "text") {
    const canBeEmpty = isRequired && !isNullable && asked.format === "text";
    return (
      <input
        {...shared}
        type={asked.format}
        value={typeof value === "string" ? value : ""}
        onChange={(event) => onChange(event.target.value === "" && !canBeEmpty ? nothing : event.target.value)}
      />
    );
  }
  return <JsonEntry shared={shared} value={value} nothing={nothing} onChange={onChange} />;
}

interface TypedProps {
  shared: { id: string; className: string; "aria-invalid": boolean; "aria-describedby": string | undefined };
  value: Json | undefined;
  nothing: Json | undefined;
  onChange: (value: Json | undefined) => void;
}

/** Keeps what is typed: "1." and "-" are on the way to a number. */
function NumberEntry({ shared, value, nothing, onChange }: TypedProps) {
  const [typed, setTyped] = useState(typeof value === "number" ? String(value) : "");
  const shown = typeof value === "number" && Number(typed) !== value ? String(value) : typed;
  const change = (text: string) => {
    setTyped(text);
    const number = Number(text);
    onChange(text.trim() === "" || !Number.isFinite(number) ? nothing : number);
  };
  return <input {...shared} inputMode="decimal" value={shown} onChange={(event) => change(event.target.value)} />;
}

function JsonEntry({ shared, value, nothing, onChange }: TypedProps) {
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value));
  const parsed = parse(text);
  const isWrong = text.trim() !== "" && "message" in parsed;
  const change = (typed: string) => {
    setText(typed);
    const read = parse(typed);
    onChange("value" in read ? read.value : nothing);
  };
  return (
    <>
      <input {...shared} className="input mono" value={text} aria-invalid={isWrong} onChange={(event) => change(event.target.value)} />
      {isWrong && <p className="field-error">{parsed.message}</p>}
    </>
  );
}

function MaybeGroup(props: FieldProps & { isNullable: boolean }) {
  const { name, value, schema, root, depth, isRequired, onChange } = props;
  const isThere = value !== undefined && value !== null;
  const absent = isRequired ? null : undefined;
  const { default: _default, ...bare } = resolve(schema, root).schema;
  return (
    <div className="stack tight">
      <label className="check">
        <input
          type="checkbox"
          checked={isThere}
          onChange={(event) => onChange(event.target.checked ? blank(bare, root, depth) : absent)}
        />
        <span className="mono">{name}</span> <span className="soft small">optional</span>
      </label>
      {isThere && <Group {...props} />}
    </div>
  );
}

function Group(props: FieldProps) {
  const found = resolve(props.schema, props.root).schema;
  const asked = control(found, props.root, props.depth);
  const body =
    asked.kind === "list" ? (
      <ListItems {...props} item={asked.item} />
    ) : (
      asked.kind === "object" && <ObjectFields {...props} found={found} />
    );
  if (props.depth === 0) return <div className="stack">{body}</div>;
  return (
    <fieldset className="fieldset">
      <legend className="mono">{props.name}</legend>
      {found.description && <p className="hint small soft">{found.description}</p>}
      {body}
    </fieldset>
  );
}

function ObjectFields({ path, root, value, flaws, depth, onChange, found }: FieldProps & { found: JsonSchema }) {
  const asked = control(found, root, depth);
  const object = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  const change = (name: string, part: Json | undefined) => {
    const { [name]: _old, ...rest } = object;
    onChange(part === undefined ? rest : { ...object, [name]: part });
  };
  if (asked.kind !== "object") return null;
  return (
    <>
      {asked.fields.map((field) => (
        <SchemaField
          key={field.name}
          name={field.label}
          path={path ? `${path}.${field.name}` : field.name}
          schema={field.schema}
          root={root}
          value={object[field.name]}
          isRequired={field.isRequired}
          flaws={flaws}
          depth={depth + 1}
          onChange={(part) => change(field.name, part)}
        />
      ))}
      {asked.fields.length === 0 && <p className="soft small">No fields.</p>}
    </>
  );
}

// A list of thousands is edited as JSON; a control for each would help nobody.
const MOST = 50;

function ListItems({ name, path, root, value, flaws, depth, onChange, item }: FieldProps & { item: JsonSchema }) {
  const list = Array.isArray(value) ? value : [];
  const put = (i: number, part: Json | undefined) => onChange(list.map((old, at) => (at === i ? (part ?? null) : old)));
  const add = () => onChange([...list, blank(item, root, depth + 1) ?? null]);
  if (list.length > MOST) return <p className="soft small">{list.length} items: edit them as JSON.</p>;
  return (
    <div className="stack tight">
      {list.map((part, i) => (
        <div key={`${i} of ${list.length}`} className="list-item">
          <SchemaField
            name={`${name}[${i}]`}
            path={`${path}[${i}]`}
            schema={item}
            root={root}
            value={part}
            isRequired
            flaws={flaws}
            depth={depth + 1}
            onChange={(changed) => put(i, changed)}
          />
          <button
            type="button"
            className="icon-button"
            aria-label={`Remove ${name}[${i}]`}
            onClick={() => onChange(list.filter((_, at) => at !== i))}
          >
            ×
          </button>
        </div>
      ))}
      <button type="button" className="button small" onClick={add}>
        + Add {list.length === 0 ? "an item" : "another"}
        <span className="hidden-text"> to {name || "the list"}</span>
      </button>
    </div>
  );
}
