import { appendFileSync } from "node:fs";
import { sqliteProviders } from "wfe-sqlite";
import { type AnyDefinition, WorkflowHostBuilder } from "wfe";
import { chain } from "./chain-workflow.ts";
import { orders } from "./order-workflow.ts";

/** A host in a process of its own: starts its share of the workflows, works on all of them until it is told to stop. */
const [path = "", journal = "", share = "0"] = process.argv.slice(2);

const host = new WorkflowHostBuilder()
  .useProviders(sqliteProviders({ path }))
  .useLogSink({ write: ({ level, message }) => void (level === "warn" && process.send?.({ warning: message })) })
  .build();
const ran = (line: string): void => appendFileSync(journal, `${line} ${process.pid}\n`);
for (const definition of [chain(ran) as AnyDefinition, ...orders(ran).all]) host.registerWorkflowDefinition(definition);
await host.start();
process.send?.({ ready: true });

process.on("message", (message) => {
  if (message === "start") {
    void (async () => {
      const ids = Array.from({ length: Number(share) }, (_, index) => `${process.pid}-${index}`);
      await Promise.all(ids.map((id) => host.startWorkflow("chain", 1, { id, total: 0 }, { id })));
      process.send?.({ started: ids.length });
    })();
  } else if (message === "stop") {
    void host.stop().then(() => process.disconnect());
  }
});
