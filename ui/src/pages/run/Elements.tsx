import { useEffect, useRef, useState } from "react";

import { type ApiError, api } from "../../api/client";
import type { RunStep, Task, TaskPage, TaskStatus } from "../../api/types";
import { goWith, usePlace } from "../../app/router";
import { count, duration, plural } from "../../parts/formats";
import { PayloadView } from "../../parts/Payload";
import { Problem } from "../../parts/Problem";
import { look, Sign, Status } from "../../parts/Status";
import { VirtualList } from "../../parts/VirtualList";

const STATUSES: TaskStatus[] = ["failed", "started", "queued", "completed", "skipped", "cancelled"];
const ROW = 34;

interface Loaded {
  tasks: Task[];
  next: number | null;
  counts: TaskPage["counts"] | null;
  error: ApiError | null;
}

/** The pages read so far; the first one is read again when something has happened. */
function useElements(run: string, slug: string, status: string | null, from: number, version: number) {
  const [loaded, setLoaded] = useState<Loaded>({ tasks: [], next: null, counts: null, error: null });
  const busy = useRef(false);
  const read = useRef(0);

  useEffect(() => {
    const controller = new AbortController();
    // The first look is at once; those that follow an event wait for more of them.
    const timer = window.setTimeout(() => {
      api
        .tasks(run, slug, status, from - 1, controller.signal)
        .then((page) =>
          setLoaded((old) => {
            const beyond = page.next === null ? [] : old.tasks.filter((task) => task.task_index > page.next!);
            const isLonger = read.current > 1 && beyond.length > 0;
            return {
              tasks: isLonger ? [...page.tasks, ...beyond] : page.tasks,
              next: isLonger ? old.next : page.next,
              counts: page.counts,
              error: null,
            };
          }),
        )
        .catch((error: ApiError) => !controller.signal.aborted && setLoaded((old) => ({ ...old, error })));
    }, version === 0 ? 0 : 400);
    return () => {
      controller.abort();
      window.clearTimeout(timer);
    };
  }, [run, slug, status, from, version]);

  useEffect(() => {
    read.current = 1;
    setLoaded((old) => ({ ...old, tasks: [], next: null }));
  }, [run, slug, status, from]);

  const more = () => {
    const { next } = loaded;
    if (next === null || busy.current) return;
    busy.current = true;
    api
      .tasks(run, slug, status, next)
      .then((page) => {
        read.current += 1;
        setLoaded((old) => ({ ...old, tasks: [...old.tasks, ...page.tasks], next: page.next, counts: page.counts }));
      })
      .catch((error: ApiError) => setLoaded((old) => ({ ...old, error })))
      .finally(() => {
        busy.current = false;
      });
  };
  return { ...loaded, more };
}

/** The elements of a map step: by status, in pages, one of them opened. */
export function Elements({ run, step, version }: { run: string; step: RunStep; version: number }) {
  const { query } = usePlace();
  const [status, setStatus] = useState<TaskStatus | null>(null);
  const asked = query.get("element");
  const from = asked === null || !/^\d+$/.test(asked) ? 0 : Math.max(0, Number(asked) - 3);
  const [start, setStart] = useState(from);
  const isOpen = step.status === "started";
  const found = useElements(run, step.slug, status, start, isOpen ? version : 0);
  const opened = asked === null ? null : (found.tasks.find((task) => task.task_index === Number(asked)) ?? null);

  const jump = (text: string) => {
    if (!/^\d+$/.test(text)) return;
    setStatus(null);
    setStart(Math.max(0, Number(text) - 3));
    goWith({ element: String(Number(text)) });
  };

  return (
    <section className="stack tight" aria-label="Elements">
      <div className="row">
        <h3>{plural(step.tasks ?? 0, "element")}</h3>
        <input
          className="input element-jump push"
          inputMode="numeric"
          placeholder="Go to #"
          aria-label="Go to an element by its number"
          onKeyDown={(event) => event.key === "Enter" && jump(event.currentTarget.value)}
        />
      </div>
      <div className="chips" role="group" aria-label="Show elements by status">
        <button type="button" className="chip" aria-pressed={status === null} onClick={() => { setStatus(null); setStart(0); }}>
          all
        </button>
        {STATUSES.filter((name) => (found.counts?.[name] ?? 0) > 0 || status === name).map((name) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed={status === name}
            onClick={() => { setStatus(status === name ? null : name); setStart(0); }}
          >
            <Sign status={name} /> {count(found.counts?.[name] ?? 0)} {look(name).word}
          </button>
        ))}
      </div>
      {found.error && <Problem error={found.error} />}
      {!found.counts && !found.error && <p className="soft small">Loading the elements …</p>}
      <VirtualList
        count={found.tasks.length}
        rowHeight={ROW}
        maxHeight={ROW * 9}
        label="Elements"
        onEnd={found.more}
        row={(i) => {
          const task = found.tasks[i];
          return task && <ElementRow task={task} isOpen={task === opened} />;
        }}
      />
      {found.next !== null && (
        <button type="button" className="button small" onClick={found.more}>
          Show more elements
        </button>
      )}
      {opened && <Element run={run} task={opened} />}
    </section>
  );
}

function ElementRow({ task, isOpen }: { task: Task; isOpen: boolean }) {
  const shown = task.status === "failed" ? task.error_message : (task.output ?? task.input)?.preview;
  return (
    <button
      type="button"
      className="element-row"
      aria-expanded={isOpen}
      onClick={() => goWith({ element: isOpen ? null : String(task.task_index) })}
    >
      <Sign status={task.status} />
      <span className="hidden-text">{look(task.status).word}</span>
      <span className="figures soft">#{task.task_index}</span>
      <span className="clip mono">{shown ?? ""}</span>
      <span className="figures soft small">
        {task.attempts > 1 && `${task.attempts}× `}
        {task.run_seconds !== null && duration(task.run_seconds)}
      </span>
    </button>
  );
}

function Element({ run, task }: { run: string; task: Task }) {
  const source = { run, step: task.step_slug, task: task.task_index };
  return (
    <div className="element stack">
      <div className="row">
        <h3>Element #{task.task_index}</h3>
        <Status status={task.status} />
      </div>
      <p className="soft small">
        {task.attempts} of at most {task.max_attempts} attempts
        {task.wait_seconds !== null && ` · waited ${duration(task.wait_seconds)}`}
        {task.run_seconds !== null && ` · ran ${duration(task.run_seconds)}`}
        {task.worker_name && ` · on ${task.worker_name}`}
      </p>
      {task.error_message && (
        <p className={`sentence mono tone-${task.status === "failed" ? "bad" : "aside"}`}>{task.error_message}</p>
      )}
      <PayloadView title="Input" payload={task.input} source={{ ...source, kind: "input" }} />
      <PayloadView title="Output" payload={task.output} source={{ ...source, kind: "output" }} />
    </div>
  );
}
