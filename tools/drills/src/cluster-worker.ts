import { appendFileSync } from "node:fs";
import { type AnyDefinition, WorkflowHostBuilder } from "wfe";
import { beating } from "./beating-workflow.ts";
import type { ClusterSettings } from "./cluster.ts";
import { clusterProviders } from "./cluster-places.ts";
import { frozenStep, longStep } from "./lost-host-workflows.ts";
import { type Run, trip } from "./trip-workflow.ts";
import { watched } from "./watched-persistence.ts";

/** A host of a cluster in a process of its own: starts when it is told to, and works until it is told to stop, or nobody is there who could. */
const { journal, options, places } = JSON.parse(process.argv[2] ?? "{}") as ClusterSettings; // made of this by who starts it

function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code = error.name } = error as { readonly code?: string }; // of the engine, the driver or the system
  return `${code}: ${error.message}${error.cause === undefined ? "" : ` <- ${told(error.cause)}`}`;
}

const send = (message: object): void => void (process.connected && process.send?.(message));
const ran = ({ step, attempt, key }: Run): void => appendFileSync(journal, `${Date.now()} ${process.pid} ${step} ${attempt} ${key}\n`);

const providers = clusterProviders(places);
const host = new WorkflowHostBuilder()
  .useProviders({ ...providers, persistence: watched(providers.persistence, (refused) => send({ refused })) })
  .withOptions(options)
  .useLogSink({
    write: ({ level, message, fields }) => {
      if (level !== "warn" && level !== "error") return;
      const { error } = (fields ?? {}) as { readonly error?: unknown }; // of the engine's own warnings
      send({ warning: message, ...(error === undefined ? {} : { cause: told(error) }) });
    },
  })
  .build();
for (const definition of [trip(ran), longStep(ran), frozenStep(ran), beating()]) host.registerWorkflowDefinition(definition as AnyDefinition);

let isStopping = false;
process.on("message", (message) => {
  if (message === "start") {
    host.start().then(
      () => send({ ready: true }),
      (error: unknown) => {
        send({ failed: told(error) });
        process.exitCode = 1;
        isStopping = true;
        process.disconnect();
      },
    );
  } else if (message === "stop") {
    isStopping = true;
    void host.stop().then(() => process.disconnect());
  }
});
process.on("disconnect", () => {
  if (!isStopping) process.exit(); // who started it is gone
});
send({ loaded: true });
