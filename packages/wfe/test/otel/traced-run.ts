import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { sqliteProviders } from "wfe-sqlite";
import { WorkflowHostBuilder } from "../../src/index.ts";
import { VirtualClock, VirtualEntropy } from "../../src/test-support/index.ts";
import { drawn, Telemetry } from "./telemetry.ts";
import { runOrder } from "./traced-order.ts";

/** Runs the order of `traced-order.ts` through two hosts on one file of SQLite, in virtual time. @returns Its trace, drawn. */
export async function tracedRun(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "wfe-trace-"));
  const clock = new VirtualClock();
  const telemetry = new Telemetry();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(telemetry.provider("application"));
  let hosts = 0;
  try {
    const [host] = await runOrder(async (setUp, options) => {
      hosts += 1;
      const host = new WorkflowHostBuilder()
        .useProviders(sqliteProviders({ path: join(folder, "wfe.db"), synchronous: "NORMAL", clock, pollInterval: "1h" }))
        .useClock(clock)
        .useEntropy(new VirtualEntropy(hosts))
        .use(telemetry.plugin(`host ${hosts}`))
        .withOptions(options)
        .build();
      setUp(host);
      await host.start();
      return host;
    }, clock);
    await host.stop({ timeout: 0 });
    return drawn(telemetry.roots.filter(({ span }) => span.name === "start ordering"));
  } finally {
    context.disable();
    trace.disable();
    await rm(folder, { recursive: true, force: true });
  }
}
