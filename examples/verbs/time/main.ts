import { WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// A new version takes a little of the traffic first, is looked at again and again, and takes all of it or is taken back.

interface Deploy {
  version: string;
  /** What the probes of this version answer, one after the other. */
  answers: boolean[];
  probeEveryMs: number;
  rollbackAfterMs: number;
  healthy: number;
  state: "canary" | "live" | "rolled back";
}

const HEALTHY = 3;

function say(data: Readonly<Deploy>, text: string): void {
  console.log(`${data.version}: ${text}`);
}

const deploy = new WorkflowBuilder<Deploy>()
  .initialData((start: Omit<Deploy, "healthy" | "state">): Deploy => ({ ...start, healthy: 0, state: "canary" }))
  .thenFn("start a canary", (ctx) => say(ctx.data, "canary started"))

  // Both of these go on at once and run their block beside what follows; the branch ends when all in it has ended.
  .parallel((p) =>
    p.branch("canary", (b) =>
      b
        .schedule(
          (data) => data.rollbackAfterMs,
          (late) =>
            late
              .thenFn("roll back", (ctx) => {
                say(ctx.data, "not healthy in time: rolled back");
                return "rolled back" as const;
              })
              .saveAs("state"),
        )
        // Asked whenever the data changed. When it holds, nothing is left of the schedule.
        .cancelWhen((data) => data.healthy >= HEALTHY)
        // The first run at once, then start to start, until the condition holds.
        .recur(
          (data) => data.probeEveryMs,
          (data) => data.healthy >= HEALTHY || data.state === "rolled back",
          (again) =>
            again
              .thenFn("probe", (ctx) => {
                const ok = ctx.data.answers[0] === true;
                say(ctx.data, ok ? `probe: healthy (${ctx.data.healthy + 1} of ${HEALTHY})` : "probe: no answer");
                return ok;
              })
              .output((ok, data) => {
                data.answers.shift();
                data.healthy = ok ? data.healthy + 1 : 0;
              }),
        )
        .thenFn("watch", (ctx) => say(ctx.data, "watched from now on")),
    ),
  )
  .ifDo(
    (data) => data.state === "canary",
    (b) =>
      b
        .thenFn("go live", (ctx) => {
          say(ctx.data, "takes all traffic");
          return "live" as const;
        })
        .saveAs("state")
        // Days are stored as well as milliseconds, and take no more: the workflow sleeps in the store.
        .delay("15ms")
        .thenFn("stop the old version", (ctx) => say(ctx.data, "old version stopped, its last requests are over")),
  )
  .build("deploy", 1);

await using host = new WorkflowHostBuilder().useProviders(sqliteProviders({ path: ":memory:" })).build();
host.registerWorkflowDefinition(deploy);
await host.start();

const hour = 60 * 60 * 1_000;
const deploys = [
  { version: "v2", answers: [true, false, true, true, true], probeEveryMs: 5, rollbackAfterMs: hour },
  { version: "v3", answers: [false], probeEveryMs: hour, rollbackAfterMs: 50 },
];
for (const start of deploys) {
  const { state } = await host.runWorkflow(deploy, start);
  console.log(`${start.version} = ${state}`);
}
