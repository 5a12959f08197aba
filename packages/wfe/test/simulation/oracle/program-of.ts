import {
  type ExecutionPointer,
  type HttpClient,
  isFinal,
  isOpen,
  type WorkflowClient,
  type WorkflowInstance,
  type WorkflowRecord,
} from "../../../src/index.ts";
import type { ProgramFactory, Stimulus } from "../../../src/test-support/simulation/simulated-program.ts";
import { ACTIVITY, Building, EVENT, type Data, dateOf, itemOf, itemsIn, keyOf, type Order, type Outside, POLLED, SHARED_KEY } from "./build.ts";
import { blocksOf, type Chain, Names, nodesOf, textOf, type Tree, treeOf } from "./tree.ts";
import { verdictOn } from "./verdict.ts";

const ROOT = "root";
/** How often the operator resumes an instance that is suspended once everything is mended. */
const RESUMES = 4;
/** How often in turn it sees that nothing more will happen before it says so. */
const RESTFUL = 5;

/** The program of a tree: its workflows, all that happens to them, and what may come of it. */
export function programOf(tree: Tree): ProgramFactory {
  // A copy, so that no node is two.
  const own = treeOf(textOf(tree));
  return (bodies) => {
    const names = new Names(own.chain);
    const outside: Outside = { isMended: false };
    const building = new Building(names, bodies, outside, own.onError);
    building.define(ROOT, own.chain);
    const operator = new Operator(outside, awaitedIn(own.chain, names));
    return {
      name: textOf(own),
      definitions: building.definitions,
      stimuli: stimuliOf(own, names, outside, operator),
      http: answerPolls,
      hostOptions: { pollEndpoints: { allow: [POLLED] } },
      workflowIds: [ROOT],
      isOver: (record) => isFinal(record.status) || (operator.isAtRest && standsStill(record)),
      verdict: (final) => verdictOn(own, names, final),
    };
  };
}

function stimuliOf(tree: Tree, names: Names, outside: Outside, operator: Operator): readonly Stimulus[] {
  const input: Data = { log: [], counts: {}, item: "" };
  const [first = 0] = tree.eventsAtMs;
  const keys = [...new Set(keysOf(tree.chain, names, awaitedIn(tree.chain, names)))];
  const events = keys.flatMap((key, at) =>
    tree.eventsAtMs.map((atMs, turn) => ({
      name: `event ${turn} for ${key}`,
      atMs: atMs + at,
      after: ["start"],
      act: (client: WorkflowClient) => client.publishEvent(EVENT, key, `${turn} ${key}`, { id: `${turn} ${key}`, ...timeOf(tree.datesMs?.[turn]) }),
    })),
  );
  const besides = keys.flatMap((key, at) => [
    {
      name: `event 0 for ${key} again`,
      atMs: first + at + 30,
      after: [`event 0 for ${key}`],
      act: (client: WorkflowClient) => client.publishEvent(EVENT, key, "the second payload under an id", { id: `0 ${key}` }),
    },
    {
      name: `an event near ${key}`,
      atMs: first,
      act: (client: WorkflowClient) => client.publishEvent(EVENT, `${key}?`, "for nobody", { id: `${key}?` }),
    },
  ]);
  const commands = (tree.commands ?? []).map(({ kind, atMs }, at) => ({
    name: `${kind} ${at}`,
    atMs,
    after: ["start"],
    act: (client: WorkflowClient) => client[`${kind}Workflow`](ROOT),
  }));
  return [
    { name: "start", atMs: 0, act: (client) => client.startWorkflow(ROOT, 1, input, { id: ROOT }) },
    ...(tree.eventsAtMs.length === 0 ? [] : [...events, ...besides]),
    ...commands,
    { name: "worker", atMs: 10, everyMs: 400, act: work },
    { name: "mended", atMs: tree.mendedAtMs, act: async () => void (outside.isMended = true) },
    { name: "operator", atMs: tree.mendedAtMs + 1, after: ["start", "mended"], everyMs: 600, act: (client) => operator.act(client) },
  ];
}

function timeOf(dateMs: number | undefined): { readonly time?: Date } {
  return dateMs === undefined ? {} : { time: dateOf(dateMs) };
}

/** A step that waits for events which come. */
interface Awaited {
  /** The key that it waits for in an item. */
  readonly keyIn: (item: string) => string;
  /** What its events are dated at least. */
  readonly since?: number | undefined;
}

/** The steps that wait for events which come, by name. */
function awaitedIn(chain: Chain, names: Names): ReadonlyMap<string, Awaited> {
  const awaited = new Map<string, Awaited>();
  for (const node of nodesOf(chain)) {
    if (node.kind === "wait" && node.never !== true) {
      awaited.set(names.of(node), { keyIn: (item) => (node.key === "shared" ? SHARED_KEY : keyOf(names.of(node), item)), since: node.since });
    } else if (node.kind === "body" && node.gives === "event") {
      awaited.set(names.of(node), { keyIn: (item) => keyOf(names.of(node), item) });
    }
  }
  return awaited;
}

/** Keys of all events that somebody may wait for. */
function keysOf(chain: Chain, names: Names, awaited: ReturnType<typeof awaitedIn>, item = ""): readonly string[] {
  return chain.flatMap((node) => {
    if (node.kind === "end") return [];
    const name = names.of(node);
    const own = awaited.get(name)?.keyIn(item);
    const items = node.kind === "each" || node.kind === "branch" ? itemsIn(item, name, node.items) : [item];
    const inside = items.flatMap((inner) => blocksOf(node).flatMap((block) => keysOf(block, names, awaited, inner)));
    return own === undefined ? inside : [own, ...inside];
  });
}

/** Takes what is offered, and does what it is asked to. */
async function work(client: WorkflowClient): Promise<void> {
  for (;;) {
    const offer = await client.getPendingActivity<Order, string>(ACTIVITY, "worker", { lease: "1m" });
    if (offer === undefined) return;
    if (offer.input.fail) await client.submitActivityFailure(offer.token, new Error("the worker fails"));
    else await client.submitActivitySuccess(offer.token, "done");
  }
}

/** Whether an instance that was at rest still is: somebody may have resumed it since. */
function standsStill({ status, pointers }: WorkflowRecord): boolean {
  const open = pointers.filter((pointer) => isOpen(pointer.status));
  const inner = open.filter(({ id }) => !open.some(({ scope }) => scope.includes(id)));
  return status === "suspended" || inner.every(({ status: of, stepName }) => of === "waitingForEvent" && stepName?.startsWith("child") === true);
}

/** Publishes what is still waited for, resumes what is suspended, and sees when nothing more will happen. */
class Operator {
  readonly #outside: Outside;
  readonly #awaited: ReadonlyMap<string, Awaited>;
  /** By instance: the failures for which it has resumed it, each once. It may be asked for the same several times at once, and then but one resume does something. */
  readonly #resumes = new Map<string, Set<string>>();
  /** How often in turn it has seen that nothing more will happen. */
  #restful = 0;

  constructor(outside: Outside, awaited: ReadonlyMap<string, Awaited>) {
    this.#outside = outside;
    this.#awaited = awaited;
  }

  /** What it has said before may still be on its way when it first sees that. */
  get isAtRest(): boolean {
    return this.#restful >= RESTFUL;
  }

  async act(client: WorkflowClient): Promise<void> {
    const { items } = await client.listWorkflows({}, { limit: 1_000 });
    let isAtRest = true;
    for (const instance of items) if (!(await this.#look(client, instance, items))) isAtRest = false;
    this.#restful = isAtRest && this.#outside.isMended ? this.#restful + 1 : 0;
  }

  /** @returns Whether nothing more will happen to an instance by itself. */
  async #look(client: WorkflowClient, { id, status, data }: WorkflowInstance, all: readonly WorkflowInstance[]): Promise<boolean> {
    if (status !== "runnable" && status !== "suspended") return true;
    const open = (await client.getHistory(id)).filter(({ status: of }) => isOpen(of));
    if (status === "suspended") return this.#resume(client, id, open);
    for (const pointer of open) {
      const awaited = this.#awaited.get(pointer.stepName ?? "");
      if (awaited === undefined || pointer.status !== "waitingForEvent") continue;
      const event = `late ${id} ${pointer.id}`;
      // It is of a definition of this program.
      await client.publishEvent(EVENT, awaited.keyIn(itemOf(pointer, data as Data)), event, { id: event, ...timeOf(awaited.since) });
    }
    const inner = open.filter((pointer) => !open.some(({ scope }) => scope.includes(pointer.id)));
    const waitsForChild = ({ id: pointerId }: ExecutionPointer): boolean =>
      all.some(({ parent, status: of }) => parent?.workflowId === id && parent.pointerId === pointerId && (of === "runnable" || of === "suspended"));
    return inner.length > 0 && inner.every(waitsForChild);
  }

  /** @returns Whether it was of no use so often that it stays suspended. */
  async #resume(client: WorkflowClient, id: string, open: readonly ExecutionPointer[]): Promise<boolean> {
    const resumes = this.#resumes.get(id) ?? new Set();
    if (resumes.size >= RESUMES) return true;
    // A command has suspended an instance in which nothing has failed.
    const failures = open.filter(({ status }) => status === "failed").map((pointer) => `${pointer.id} ${pointer.attempt}`);
    // Counted before it is answered: who has resumed it so often says no more.
    if (failures.length > 0) this.#resumes.set(id, resumes.add(failures.join()));
    await client.resumeWorkflow(id);
    return false;
  }
}

/** Every endpoint is content at once, or never. */
const answerPolls: HttpClient = (url) => {
  const state = url.startsWith(`${POLLED}/never/`) ? "new" : "done";
  const body = new TextEncoder().encode(JSON.stringify({ state }));
  return Promise.resolve({
    status: 200,
    headers: { get: () => null },
    body: (async function* () {
      yield body;
    })(),
  });
};
