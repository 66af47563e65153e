import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";

import { shortId } from "../parts/formats";
import { ErrorBoundary } from "./ErrorBoundary";
import { Header } from "./Header";
import { Help } from "./Help";
import { useShortcuts } from "./keys";
import { addresses, go, Link, usePlace } from "./router";
import { ShellProvider, useShell } from "./shell";
import { toggleTheme } from "./theme";
import { Trouble } from "./Trouble";

// Each page comes when it is first opened; the picture of the DAG is the big part.
const FlowsPage = lazy(() => import("../pages/flows/FlowsPage"));
const FlowPage = lazy(() => import("../pages/flow/FlowPage"));
const RunsPage = lazy(() => import("../pages/runs/RunsPage"));
const RunPage = lazy(() => import("../pages/run/RunPage"));
const WorkersPage = lazy(() => import("../pages/workers/WorkersPage"));

export function App() {
  return (
    <ShellProvider>
      <Frame />
    </ShellProvider>
  );
}

function Frame() {
  const { sessionError } = useShell();
  const { path } = usePlace();
  const [help, setHelp] = useState(false);
  useEffect(() => {
    document.title = title(path);
  }, [path]);
  useShortcuts([
    { keys: "?", does: "Show the keys", run: () => setHelp(true) },
    { keys: "g f", does: "Go to the flows", run: () => go(addresses.flows()) },
    { keys: "g r", does: "Go to the runs", run: () => go(addresses.runs()) },
    { keys: "g w", does: "Go to the workers", run: () => go(addresses.workers()) },
    { keys: "t", does: "Switch between dark and light", run: toggleTheme },
  ]);

  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header path={path} onHelp={() => setHelp(true)} />
      <Trouble />
      <main id="main" tabIndex={-1}>
        {sessionError?.status === 401 ? (
          <SignIn message={sessionError.message} />
        ) : (
          <ErrorBoundary key={path}>
            <Suspense fallback={<p className="loading">Loading …</p>}>{page(path)}</Suspense>
          </ErrorBoundary>
        )}
      </main>
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

function parts(path: string): string[] {
  return path.split("/").filter(Boolean).map(decodeURIComponent);
}

function title(path: string): string {
  const [room = "flows", name] = parts(path);
  if (!name) return `${room[0]?.toUpperCase()}${room.slice(1)} · pgflow`;
  return `${room === "runs" ? `Run …${shortId(name)}` : name} · pgflow`;
}

function page(path: string): ReactNode {
  const [room, name] = parts(path);
  if (room === undefined) return <FlowsPage />;
  if (room === "flows") return name ? <FlowPage key={name} slug={name} /> : <FlowsPage />;
  if (room === "runs") return name ? <RunPage key={name} id={name} /> : <RunsPage />;
  if (room === "workers") return <WorkersPage />;
  return <Nowhere />;
}

function Nowhere() {
  return (
    <div className="page empty">
      <h1>There is nothing at this address</h1>
      <p>
        Start again from the <Link href={addresses.flows()}>flows</Link> or the <Link href={addresses.runs()}>runs</Link>.
      </p>
    </div>
  );
}

function SignIn({ message }: { message: string }) {
  return (
    <div className="page empty">
      <h1>This page needs its key</h1>
      <p>{message}</p>
      <p className="soft">
        Open the address that <code>pgflow</code> printed in the terminal when it started; it holds the key.
      </p>
    </div>
  );
}
