import { expect, it } from "vitest";
import { DefinitionError, type ExecutionPointer, type HostOptions, isOpen, type WorkflowHost, type WorkflowInstance } from "../../../src/index.ts";
import { type Scenario, scenarios } from "../scenario.ts";
import type { Container } from "./containers.ts";
import { keyAt, type Lab, newLab, pathOf, type Trace, type Verb } from "./fragment.ts";
import { Expected, framed } from "./pair.ts";
import { refusal, VERBS } from "./table.ts";
import { CHILD, POLLED, pollClient } from "./wait-verbs.ts";

/** Seconds of virtual time that the slowest pair has; nothing here waits for more than some milliseconds. */
const MOST_ROUNDS = 12;

const OPTIONS: HostOptions = {
  sweepInterval: "1h", // so that no sweep mends what was forgotten
  pollEndpoints: { allow: [POLLED] },
};

/** What the tests of a container share. */
interface Opened extends Scenario {
  readonly shared: WorkflowHost;
}

/** A test for every verb in each of these containers, on every provider set. */
export function everyVerbIn(containers: readonly Container[]): void {
  for (const container of containers) {
    scenarios(
      `in ${container.name}`,
      (open) => {
        let opened: Promise<Opened> | undefined;
        for (const [index, verb] of VERBS.entries()) {
          const refused = refusal(verb, container);
          if (refused === undefined)
            it(`${verb.name} in ${container.name}`, async () => {
              opened ??= open().then(async (scenario) => ({ ...scenario, shared: await scenario.host(undefined, OPTIONS) }));
              await works(await opened, verb, container, newLab(index + 1));
            });
          else it(`${verb.name} in ${container.name} is refused`, () => isRefused(verb, container, refused));
        }
      },
      { prepare: (builder) => builder.useHttpClient(pollClient()), lasting: true },
    );
  }
}

function isRefused(verb: Verb, container: Container, reason: string): void {
  const build = (): unknown => framed(verb, container, newLab(1));

  expect(build).toThrow(DefinitionError);
  expect(build).toThrow(reason);
}

async function works({ shared: host, clock, store, warnings }: Opened, verb: Verb, container: Container, lab: Lab): Promise<void> {
  await clock.advance(1); // what ran before was created before
  const createdAfter = new Date(clock.now());
  const warned = warnings.length;
  const definition = framed(verb, container, lab);
  for (const each of [definition, ...lab.definitions]) host.registerWorkflowDefinition(each);

  const id = await host.startWorkflow(definition, { seen: [], counts: {} });
  let instances = await all(host, createdAfter);
  for (let round = 0; round < MOST_ROUNDS && instances.some(({ status }) => status === "runnable"); round += 1) {
    await clock.advance("1s");
    instances = await all(host, createdAfter);
    if (verb.answer !== undefined && instances.some(({ status }) => status === "runnable"))
      await verb.answer(host, await openPointers(host, instances), lab);
  }

  const framing = instances.filter(({ definitionId }) => definitionId !== CHILD);
  const history = (await Promise.all(framing.map((each) => host.getHistory(each.id)))).flat();
  const errors = (await Promise.all(instances.map((each) => host.getErrors(each.id)))).flat().map(({ message }) => message);
  const { data, error } = await host.getWorkflow(id);
  const states = instances.map(({ status, dueAt }) => [status, dueAt]);
  expect(states, shown(history)).toEqual(states.map(() => ["complete", undefined]));
  if (verb.leadsTo === "end of workflow") endedEarly(data, history, container);
  else checkRun(data, history, errors, lab, verb, container);
  const failed = container.isWorkflow === true ? [] : errors.filter((message) => !isRetried(verb, message));
  expect(error?.message).toBe(failed[0]);
  expect([lab.faults, warnings.slice(warned)]).toEqual([[], []]);
  if (verb.awaits === undefined) return;
  const { persistence } = store.open();
  await persistence.start();
  for (const name of verb.awaits) {
    for (const path of container.runs) expect(await persistence.getSubscriptions(name, keyAt(path), new Date(clock.now()))).toEqual([]);
  }
  await persistence.stop();
}

function checkRun(data: Trace, history: readonly ExecutionPointer[], errors: readonly string[], lab: Lab, verb: Verb, container: Container): void {
  const expected = new Expected(verb, container);
  // From the step in front on, when the verb has led back to it.
  const from = (log: readonly string[]): readonly string[] => (verb.leadsTo === "before" ? log.slice(log.lastIndexOf(":before")) : log);
  const faults = [...expected.faultsOf(from(data.seen), verb.seen), ...expected.faultsOf(from(lab.ran), verb.ran ?? verb.seen)];
  expect(faults, faults.join("\n")).toEqual([]);
  const ends = history.map((pointer) => `${pathOf(pointer)}:${pointer.stepName ?? ""} ${pointer.status}`);
  if (verb.leadsTo === "before") {
    expect(data.seen.slice(0, data.seen.lastIndexOf(":before"))).toEqual([":before", `${container.runs[0]}:in`]);
    expect(ends.filter((end) => !end.endsWith(" complete"))).toEqual([]);
  } else {
    const differences = { unexpected: without(ends, expected.history), missing: without(expected.history, ends) };
    expect(differences, JSON.stringify(differences)).toEqual({ unexpected: [], missing: [] });
  }
  expect(errors.map((message) => expected.errors.find((start) => message.startsWith(start)) ?? message)).toEqual(expected.errors);
}

/** Of what else was open nothing has run on; a workflow around the one that has ended has. */
function endedEarly({ seen }: Trace, history: readonly ExecutionPointer[], { isWorkflow, forks }: Container): void {
  expect(seen[0]).toBe(":before");
  expect(seen.filter((label) => label.endsWith(":in")).length).toBeGreaterThan(0);
  expect(seen.filter((label) => label.endsWith(":out"))).toEqual([]);
  if (forks !== true) expect(seen.filter((label) => label === ":after")).toHaveLength(isWorkflow === true ? 1 : 0);
  expect(history.filter(({ status }) => status !== "complete" && status !== "cancelled")).toEqual([]);
  expect(history.filter(({ stepName, status }) => stepName === "endWorkflow" && status === "complete")).toHaveLength(1);
}

function isRetried(verb: Verb, message: string): boolean {
  return (
    verb.undone !== true &&
    !verb.history.some((end) => end.endsWith(" compensated")) &&
    (verb.errors ?? []).some((start) => message.startsWith(start))
  );
}

/** The instances of one pair: each begins later than those before it. */
async function all(host: WorkflowHost, createdAfter: Date): Promise<readonly WorkflowInstance[]> {
  return (await host.listWorkflows({ createdAfter })).items;
}

async function openPointers(host: WorkflowHost, instances: readonly WorkflowInstance[]): Promise<readonly ExecutionPointer[]> {
  const histories = await Promise.all(instances.map(({ id }) => host.getHistory(id)));
  return histories.flat().filter(({ status }) => isOpen(status));
}

function shown(history: readonly ExecutionPointer[]): string {
  return history.map((pointer) => `${pathOf(pointer)}:${pointer.stepName} ${pointer.status} ${pointer.error?.message ?? ""}`).join(", ");
}

/** What is in the first list more often than in the second. */
function without(labels: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return labels.filter((label) => {
    const at = left.indexOf(label);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
