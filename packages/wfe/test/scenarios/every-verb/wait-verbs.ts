import {
  type ExecutionPointer,
  ExecutionResult,
  type HttpClient,
  type PollEndpointConfig,
  type WorkflowHost,
  WorkflowBuilder,
} from "../../../src/index.ts";
import { keyAt, labelOf, type Lab, mark, note, pathOf, PAUSE_MS, type Place, type Verb } from "./fragment.ts";

const EVENT = "go";

/** Publishes an event for each wait that has none yet. */
async function publishOnce(host: WorkflowHost, open: readonly ExecutionPointer[], lab: Lab): Promise<void> {
  await publish(host, open.filter(isWait), lab);
}

/** Publishes an event for each delay in front of a wait. */
async function publishBefore(host: WorkflowHost, open: readonly ExecutionPointer[], lab: Lab): Promise<void> {
  await publish(
    host,
    open.filter(({ stepName }) => stepName === "held"),
    lab,
  );
}

function isWait({ status, eventName }: ExecutionPointer): boolean {
  return status === "waitingForEvent" && eventName?.startsWith("wfe.") !== true;
}

async function publish(host: WorkflowHost, pointers: readonly ExecutionPointer[], { answered }: Lab): Promise<void> {
  for (const pointer of pointers) {
    if (answered.has(pointer.id)) continue;
    answered.add(pointer.id);
    await host.publishEvent(EVENT, keyAt(pathOf(pointer)), "payload");
  }
}

const keyed = (_: unknown, ctx: { readonly item?: unknown }): string => keyAt(pathOf(ctx));

const waited = (at: Place) => at.waitFor<string>(EVENT, keyed).output((payload, data, ctx) => void data.seen.push(labelOf(ctx, `got ${payload}`)));

/** The workflow that the verb `subWorkflow` starts; its pointers stand in no container. */
export const CHILD = "child";

export const POLLED = "https://example.org";

const poll: PollEndpointConfig = {
  url: `${POLLED}/jobs`,
  interval: PAUSE_MS,
  timeout: "1m",
  until: { path: "state", equals: "done" },
};

/** Answers every second request with what the polls want. */
export function pollClient(): HttpClient {
  let requests = 0;
  return () => {
    requests += 1;
    const body = new TextEncoder().encode(JSON.stringify({ state: requests % 2 === 0 ? "done" : "new" }));
    return Promise.resolve({
      status: 200,
      headers: { get: () => null },
      body: (async function* () {
        yield body;
      })(),
    });
  };
}

interface ChildData {
  path: string;
  label: string;
}

function child(lab: Lab) {
  const definition = new WorkflowBuilder<ChildData>()
    .delay(PAUSE_MS)
    .thenFn("child", (ctx) => {
      const label = `${ctx.data.path}:child`;
      lab.ran.push(label);
      return label;
    })
    .saveAs("label")
    .build(CHILD, lab.version);
  lab.definitions.push(definition);
  return definition;
}

/** Steps that wait for something. */
export const WAIT_VERBS: readonly Verb[] = [
  { name: "`delay`", put: (at) => at.delay(PAUSE_MS), seen: [], history: ["delay complete"] },
  {
    name: "`waitFor`, the event before it",
    // Longer than from one look at it to the next.
    put: (at) => waited(at.delay("1500ms").name("held")),
    awaits: [EVENT],
    answer: publishBefore,
    seen: ["got payload"],
    ran: [],
    history: ["held complete", `waitFor ${EVENT} complete`],
  },
  {
    name: "`waitFor`, the event after it",
    put: waited,
    awaits: [EVENT],
    answer: publishOnce,
    seen: ["got payload"],
    ran: [],
    history: [`waitFor ${EVENT} complete`],
  },
  {
    name: "`waitFor` with `onTimeout`, timed out",
    put: (at, lab) =>
      at
        .waitFor<string>(EVENT, keyed, { timeout: PAUSE_MS })
        .output((payload, data, ctx) => void data.seen.push(labelOf(ctx, payload)))
        .onTimeout((b) => mark(b, "late", lab)),
    awaits: [EVENT],
    seen: ["late"],
    history: [`waitFor ${EVENT} complete`, `waitFor ${EVENT}: timeout complete`, "late complete"],
  },
  {
    name: "`waitFor` with `onTimeout`, in time",
    put: (at, lab) =>
      at
        .waitFor<string>(EVENT, keyed, { timeout: "1h" })
        .output((payload, data, ctx) => void data.seen.push(labelOf(ctx, `got ${payload}`)))
        .onTimeout((b) => mark(b, "late", lab)),
    awaits: [EVENT],
    answer: publishOnce,
    seen: ["got payload"],
    ran: [],
    history: [`waitFor ${EVENT} complete`],
  },
  {
    name: "`waitForAny`",
    put: (at) =>
      at
        .waitForAny({ never: { event: "never", key: keyed }, mine: { event: EVENT, key: keyed } })
        .output(({ first, data: payload }, data, ctx) => void data.seen.push(labelOf(ctx, `${first} ${String(payload)}`))),
    awaits: [EVENT, "never"],
    answer: publishOnce,
    seen: ["mine payload"],
    ran: [],
    history: [`waitForAny never, ${EVENT} complete`],
  },
  {
    name: "a result that waits for an event",
    put: (at, lab) =>
      at
        .thenFn("again", (ctx) => {
          const label = note(lab, ctx, "again");
          return ctx.eventData === undefined ? ExecutionResult.waitForEvent(EVENT, keyed(undefined, ctx)) : label;
        })
        .output((label, data) => void data.seen.push(label)),
    awaits: [EVENT],
    answer: publishOnce,
    seen: ["again"],
    ran: ["again", "again"],
    history: ["again complete"],
  },
  {
    name: "`activity`",
    put: (at) => at.activity<string>("work", (_, ctx) => labelOf(ctx, "worked")).output((label, data) => void data.seen.push(label)),
    answer: async (host) => {
      for (;;) {
        const offer = await host.getPendingActivity<string, string>("work", "worker", { lease: "1m" });
        if (offer === undefined) return;
        await host.submitActivitySuccess(offer.token, offer.input);
      }
    },
    seen: ["worked"],
    ran: [],
    history: ["activity work complete"],
  },
  {
    name: "`subWorkflow`",
    put: (at, lab) =>
      at.subWorkflow(child(lab), (_, ctx) => ({ path: pathOf(ctx), label: "" })).output(({ label }, data) => void data.seen.push(label)),
    seen: ["child"],
    history: ["subWorkflow child complete"],
  },
  {
    name: "`pollEndpoint`",
    put: (at) =>
      at.pollEndpoint(poll).output(({ body }, data, ctx) => void data.seen.push(labelOf(ctx, `is ${String((body as { state: string }).state)}`))),
    seen: ["is done"],
    ran: [],
    history: ["pollEndpoint complete"],
  },
  {
    name: "a result that polls",
    put: (at, lab) =>
      at
        .thenFn("again", (ctx) => {
          const label = note(lab, ctx, "again");
          return ctx.eventData === undefined ? ExecutionResult.pollEndpoint(poll) : label;
        })
        .output((label, data) => void data.seen.push(label)),
    seen: ["again"],
    ran: ["again", "again"],
    history: ["again complete"],
  },
];
