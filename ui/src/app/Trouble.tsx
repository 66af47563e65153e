import { Icon } from "../parts/Icon";
import { Ago } from "../parts/Time";
import { useShell } from "./shell";

const WORKER_WORDS: Record<string, string> = {
  starting: "The worker is starting.",
  restarting: "The worker has stopped and is being started again.",
  stopped: "The worker has stopped: nothing runs until it is started again.",
};

/** What is wrong with the code or the worker under `pgflow dev`, above every page. */
export function Trouble() {
  const { session } = useShell();
  const error = session?.code?.error;
  const worker = session?.worker;
  const workerWord = worker && WORKER_WORDS[worker.state];

  return (
    <>
      {error && (
        <section className="trouble tone-bad" role="alert">
          <h2>
            <Icon shape="cross" /> Your code does not load
          </h2>
          <p className="small">
            The last good version goes on running; save a correction and this disappears. Since{" "}
            <Ago at={error.since} />.
          </p>
          <pre tabIndex={0}>{error.message}</pre>
        </section>
      )}
      {worker && workerWord && (
        <section className="trouble tone-aside" role="status">
          <p>
            <Icon shape="pause" /> 
            {workerWord} {worker.message}
          </p>
        </section>
      )}
    </>
  );
}
