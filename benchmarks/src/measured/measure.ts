import { ENGINE_STARTERS } from "./engine-starters.ts";
import { prepareWork } from "./measure-work.ts";
import { PostgresRoundTrips } from "./postgres-round-trips.ts";
import type { Figures, Order, Report, Task } from "./protocol.ts";
import { writtenBytes } from "./written-bytes.ts";

/** The program of a measured process: one engine, one piece of work. Its task is its argument. */
const task = JSON.parse(process.argv[2] ?? "") as Task; // as the parent has written it

// The parent is gone, however it died.
process.once("disconnect", () => process.exit(1));

const roundTrips = task.place.postgresUrl === undefined ? undefined : new PostgresRoundTrips(Number(new URL(task.place.postgresUrl).port));
roundTrips?.watch();

const start = ENGINE_STARTERS[task.engine];
if (start === undefined) throw new Error(`there is no engine ${task.engine}`);
const engine = await start(task.place, task.work.workload);
const work = prepareWork(engine, task.work);
await work.warmUp();

const go = ordered("go");
tell({ kind: "ready" });
await go;

const before = counters();
const figures = await work.measure();
const after = counters();
const spent = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));

const end = ordered("end");
const counts = await engine.counts?.();
tell({ kind: "measured", figures: { ...figures, ...spent }, ...(counts === undefined ? {} : { counts }) });
await end;
await engine.stop();
// An engine may leave timers or connections behind.
process.exit(0);

/** What this process has spent so far. */
function counters(): Figures {
  const { user, system } = process.cpuUsage();
  const written = writtenBytes();
  return {
    clientCpuMs: (user + system) / 1_000,
    ...(roundTrips === undefined ? {} : { roundTrips: roundTrips.count }),
    ...(written === undefined || task.place.sqlitePath === undefined ? {} : { writtenBytes: written }),
  };
}

function tell(report: Report): void {
  if (process.send === undefined) throw new Error("this is the program of a measured process; the benchmark starts it");
  process.send(report);
}

async function ordered(order: Order): Promise<void> {
  await new Promise<void>((resolve) => {
    const heard = (message: unknown): void => {
      if (message !== order) return;
      process.off("message", heard);
      resolve();
    };
    process.on("message", heard);
  });
}
