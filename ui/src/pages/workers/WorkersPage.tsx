import { useState } from "react";

import { api } from "../../api/client";
import type { Percentiles, QueueSummary, WorkerSummary, WorkersPage as Page } from "../../api/types";
import { useData } from "../../api/useData";
import { addresses, Link } from "../../app/router";
import { useLive, useShell } from "../../app/shell";
import { CodeBlock } from "../../parts/CodeBlock";
import { count, duration, plural, shortId } from "../../parts/formats";
import { Icon } from "../../parts/Icon";
import { Empty, Problem } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import { Ago, Elapsed } from "../../parts/Time";
import "./workers.css";

export default function WorkersPage() {
  const loaded = useData("workers", api.workers, 1000);
  const [pushed, setPushed] = useState<Page | null>(null);
  useLive("workers", loaded.reload, { workers: setPushed });
  const page = pushed ?? loaded.data;

  if (!page) {
    if (loaded.error) return <div className="page"><Problem error={loaded.error} again={loaded.reload} /></div>;
    return <p className="loading">Loading the workers …</p>;
  }
  return (
    <div className="page">
      <div className="page-head">
        <h1>Workers and queues</h1>
      </div>
      <Workers workers={page.workers} onChange={loaded.reload} />
      <Queues queues={page.queues} />
    </div>
  );
}

function Workers({ workers, onChange }: { workers: WorkerSummary[]; onChange: () => void }) {
  const { canAct } = useShell();
  const alive = workers.filter((worker) => worker.state === "alive").length;
  return (
    <section className="card" aria-labelledby="workers-title">
      <div className="card-head">
        <h2 id="workers-title">Workers</h2>
        <span className="soft">{plural(alive, "worker")} alive</span>
      </div>
      {workers.length === 0 ? (
        <Empty title="No worker">
          <p>Runs wait until a worker serves their flow. Start one beside your code:</p>
          <CodeBlock text="pgflow worker flows.py" what="command" />
        </Empty>
      ) : (
        <ul>
          {workers.map((worker) => (
            <Worker key={worker.worker_id} worker={worker} onChange={onChange} canAct={canAct} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Worker({ worker, onChange, canAct }: { worker: WorkerSummary; onChange: () => void; canAct: boolean }) {
  const { ask, attempt, say } = useShell();
  const drain = async () => {
    const yes = await ask({
      title: `Drain ${worker.name}?`,
      text: `It finishes the ${plural(worker.held_tasks, "task")} it holds, takes no more, and stops.`,
      action: "Drain it",
    });
    if (!yes) return;
    if (await attempt(() => api.drain([worker.worker_id]))) say(`${worker.name} is draining`);
    onChange();
  };

  return (
    <li className="worker">
      <div className="worker-head">
        <Status status={worker.state} />
        <span className="name">{worker.name}</span>
        <span className="mono small soft" title={worker.worker_id}>
          …{shortId(worker.worker_id)}
        </span>
        <span className="soft small">
          {worker.stopped_at ? (
            <>stopped <Ago at={worker.stopped_at} /></>
          ) : (
            <>heartbeat <Ago at={worker.last_heartbeat_at} /> · up <Elapsed from={worker.started_at} to={worker.last_heartbeat_at} /></>
          )}
        </span>
        {canAct && worker.state === "alive" && (
          <button type="button" className="button small push" onClick={drain}>
            Drain …<span className="hidden-text"> {worker.name}</span>
          </button>
        )}
      </div>
      <p className="chips">
        {worker.flow_slugs.map((slug) => (
          <Link key={slug} className="chip mono" href={addresses.flow(slug)}>
            {slug}
          </Link>
        ))}
      </p>
      {worker.held_tasks > 0 ? (
        <ul className="held" aria-label={`Tasks that ${worker.name} holds`}>
          {worker.held.map((task) => (
            <li key={`${task.run_id} ${task.step_slug} ${task.task_index}`}>
              <Link href={addresses.run(task.run_id, task.step_slug)} className="mono">
                {task.flow_slug}.{task.step_slug} #{task.task_index}
              </Link>{" "}
              <span className="soft small">
                {task.attempt > 1 && `attempt ${task.attempt} · `}
                <Elapsed from={task.since} to={null} />
              </span>
            </li>
          ))}
          {worker.held_tasks > worker.held.length && (
            <li className="soft small">and {count(worker.held_tasks - worker.held.length)} more</li>
          )}
        </ul>
      ) : (
        worker.state === "alive" && <p className="soft small">Waits for work.</p>
      )}
    </li>
  );
}

function Queues({ queues }: { queues: QueueSummary[] }) {
  const most = Math.max(1, ...queues.map((queue) => queue.due + queue.hidden));
  return (
    <section className="card" aria-labelledby="queues-title">
      <div className="card-head">
        <h2 id="queues-title">Queues</h2>
        <span className="soft">one for each flow; the latencies are those of its newest runs</span>
      </div>
      {queues.length === 0 ? (
        <Empty title="No queue yet">
          <p>A flow gets its queue when it is compiled: pgflow compile flows.py.</p>
        </Empty>
      ) : (
        <div className="table-scroll" tabIndex={0} role="group" aria-label="Queues">
          <table>
            <thead>
              <tr>
                <th>Flow</th>
                <th title="Messages that a worker could take now">Ready</th>
                <th className="number" title="Held by a worker, or due later">Held or later</th>
                <th className="number">Oldest</th>
                <th className="number">Runs / s</th>
                <th className="number">Task waits</th>
                <th className="number">Task runs</th>
                <th className="number">Run takes</th>
              </tr>
            </thead>
            <tbody>
              {queues.map((queue) => (
                <Queue key={queue.queue_name} queue={queue} most={most} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="soft small pad">Latencies: half of all are faster than the first figure, 95 % than the second.</p>
    </section>
  );
}

function Queue({ queue, most }: { queue: QueueSummary; most: number }) {
  const isStuck = queue.due > 0 && queue.workers === 0;
  return (
    <tr>
      <td className="queue-name">
        <Link className="mono clip" href={addresses.flow(queue.flow_slug)} title={queue.flow_slug}>
          {queue.flow_slug}
        </Link>
        {isStuck && <span className="small tone-aside stuck"><Icon shape="pause" /> no worker serves it</span>}
      </td>
      <td>
        <span className={queue.due > 0 ? "depth" : ""}>
          <span className="depth-bar" style={{ width: `${(100 * queue.due) / most}%` }} />
          <span className="figures">{count(queue.due)}</span>
        </span>
      </td>
      <td className="number">{count(queue.hidden)}</td>
      <td className="number">{queue.due > 0 && queue.oldest_seconds !== null ? duration(queue.oldest_seconds) : "–"}</td>
      <td className="number">{queue.runs_per_second.toFixed(queue.runs_per_second < 10 ? 1 : 0)}</td>
      <Latency of={queue.task_wait_seconds} />
      <Latency of={queue.task_run_seconds} />
      <Latency of={queue.run_seconds} />
    </tr>
  );
}

function Latency({ of }: { of: Percentiles | null }) {
  if (!of) return <td className="number soft">–</td>;
  return (
    <td className="number nowrap" title={`99 % faster than ${duration(of.p99)}`}>
      {duration(of.p50)} <span className="soft">· {duration(of.p95)}</span>
    </td>
  );
}
