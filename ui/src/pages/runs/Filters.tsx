import { useEffect, useState } from "react";

import { api } from "../../api/client";
import type { RunFilter } from "../../api/types";
import { useData } from "../../api/useData";
import { addresses, go, goWith, usePlace } from "../../app/router";
import { look, Sign } from "../../parts/Status";
import { isFiltered, PERIODS, STATUSES, toggled } from "./filters";

const PAUSE = 350;

export function Filters({ filter }: { filter: RunFilter }) {
  const { query } = usePlace();
  const { data } = useData("flows for the filter", api.flows);
  const custom = query.has("since") || query.has("until") || query.get("period") === "custom";
  const period = query.get("period") ?? (custom ? "custom" : "");

  return (
    <div className="filters" role="search" aria-label="Filter the runs">
      <label>
        <span className="label">Flow</span>
        <select className="select" value={filter.flow ?? ""} onChange={(event) => goWith({ flow: event.target.value })}>
          <option value="">All flows</option>
          {filter.flow && !data?.flows.some((flow) => flow.slug === filter.flow) && (
            <option value={filter.flow}>{filter.flow}</option>
          )}
          {data?.flows.map(({ slug }) => (
            <option key={slug} value={slug}>
              {slug}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span className="label">Started</span>
        <select
          className="select"
          value={period}
          onChange={(event) => goWith({ period: event.target.value, since: null, until: null })}
        >
          <option value="">at any time</option>
          {Object.entries(PERIODS).map(([name, { label }]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
          <option value="custom">from … until …</option>
        </select>
      </label>
      {period === "custom" && (
        <>
          <Moment name="since" label="From" />
          <Moment name="until" label="Until" />
        </>
      )}
      <SearchText key={query.get("flow")} text={filter.text ?? ""} />
      <div className="filter-status">
        <span className="label">Status</span>
        <div className="chips" role="group" aria-label="Status">
          {STATUSES.map((name) => (
            <button
              key={name}
              type="button"
              className="chip"
              aria-pressed={filter.status.includes(name)}
              onClick={() => goWith({ status: toggled(filter.status, name) })}
            >
              <Sign status={name} /> {look(name).word}
            </button>
          ))}
          {isFiltered(filter) && (
            <button type="button" className="quiet small" onClick={() => go(addresses.runs())}>
              Clear all
            </button>
          )}
        </div>
      </div>
    </div>
  );
}

/** Waits until somebody has stopped typing. */
function SearchText({ text }: { text: string }) {
  const [typed, setTyped] = useState(text);
  useEffect(() => {
    if (typed === text) return;
    const timer = window.setTimeout(() => goWith({ text: typed }), PAUSE);
    return () => window.clearTimeout(timer);
  }, [typed, text]);
  return (
    <label className="filter-text">
      <span className="label">Input has the text</span>
      <input
        id="find-run"
        className="input"
        type="search"
        value={typed}
        placeholder="for example a customer's name"
        onChange={(event) => setTyped(event.target.value)}
      />
    </label>
  );
}

function Moment({ name, label }: { name: "since" | "until"; label: string }) {
  const { query } = usePlace();
  return (
    <label>
      <span className="label">{label}</span>
      <input
        className="input"
        type="datetime-local"
        step="1"
        defaultValue={query.get(name) ?? ""}
        onChange={(event) => goWith({ [name]: event.target.value })}
      />
    </label>
  );
}
