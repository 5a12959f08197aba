import { type Duration, ErrorBehavior, type HttpClient, WorkflowBuilder } from "../../../src/index.ts";
import type { ProgramFactory } from "../../../src/test-support/index.ts";
import { data, ended, type Log, sorted } from "./log.ts";

const SHOP = "https://shop.example";
/** Answers before an order is packed, the first of which says that the shop is out of order. */
const NOT_YET = 3;

/** A shop whose orders are packed after some looks at them, but for one that never is. */
function shop(): HttpClient {
  const looks = new Map<string, number>();
  return (url) => {
    const look = (looks.get(url) ?? 0) + 1;
    looks.set(url, look);
    const state = look > NOT_YET && !url.endsWith("/never") ? "packed" : "new";
    const body = new TextEncoder().encode(JSON.stringify({ state }));
    return Promise.resolve({
      status: look === 1 ? 503 : 200,
      headers: { get: () => null },
      body: (async function* () {
        yield body;
      })(),
    });
  };
}

/** Polls beside each other: one that is content in the end, one with a limit, and one that is undone with its saga. */
export const polls: ProgramFactory = (bodies) => {
  const until = { path: "state", equals: "packed" } as const;
  const asks = (order: string, timeout: Duration) => (d: Readonly<Log>) =>
    ({ url: `${SHOP}/{key}/${order}`, params: { key: d.key }, interval: 300, timeout, until }) as const;
  const stateOf = ({ body }: { readonly body: unknown }): string => (body as { readonly state: string }).state; // the shop's
  const definition = new WorkflowBuilder<Log>()
    .parallel((p) =>
      p
        .branch((b) => b.pollEndpoint(asks("first", "10m")).output((answer, d) => void d.log.push(`first ${stateOf(answer)}`)))
        .branch((b) =>
          b
            .pollEndpoint(asks("never", "3s"))
            .onTimeout((t) => t.thenFn("late", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("late"))),
        )
        .branch((b) =>
          b.saga((s) =>
            s
              .pollEndpoint(asks("undone", "10m"))
              .output((answer, d) => void d.log.push(`undone ${stateOf(answer)}`))
              .compensateWithSequence((u) => u.thenFn("send back", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("send back")))
              .thenFn("refused", async (ctx) => {
                await bodies.pause(ctx);
                throw new Error("nobody is at home");
              })
              .onError(ErrorBehavior.compensate()),
          ),
        ),
    )
    .build("polls", 1);
  const ids = ["p1", "p2"];
  return {
    name: "polls",
    definitions: [definition],
    http: shop(),
    hostOptions: { pollEndpoints: { allow: [SHOP] } },
    stimuli: ids.map((id) => ({ name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
    workflowIds: ids,
    verdict: (final) => ids.flatMap((id) => ended(final, id, "complete", sorted, ["first packed", "late", "send back", "undone packed"])),
  };
};
