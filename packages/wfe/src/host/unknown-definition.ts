import {
  EXPLAINED_AT_MOST,
  kindsThatMay,
  type Payloads,
  type PointerRow,
  type PointerStanding,
  standingOf,
  type StepDefinition,
  type StepDifference,
  type UnknownDefinition,
  type WorkflowRegistry,
  type WorkflowRow,
} from "wfe-core";

/**
 * What is wrong with the definition of an instance in this process; `undefined` when it is known by id, version and fingerprint.
 *
 * @param pointers - Open ones of the instance.
 */
export function unknownDefinitionOf(
  registry: WorkflowRegistry,
  row: WorkflowRow,
  pointers: readonly PointerRow[],
  payloads: Payloads,
): UnknownDefinition | undefined {
  const { definitionId: id, version, fingerprint } = row;
  const here = registry.getDefinition(id, version);
  if (here?.fingerprint === fingerprint) return undefined;
  const registered = registry.keys().filter((key) => key.id === id);
  const versions = (keys: typeof registered): readonly number[] => keys.map((key) => key.version).toSorted((a, b) => a - b);
  const key = { id, version, fingerprint };
  if (here === undefined)
    return registered.length === 0 ? { ...key, problem: "id" } : { ...key, problem: "version", registered: versions(registered) };
  return {
    ...key,
    problem: "fingerprint",
    here: here.fingerprint,
    sameGraph: versions(registered.filter((other) => other.fingerprint === fingerprint)),
    differences: differencesOf(here.graph.steps, row, pointers, payloads),
  };
}

/** A sentence on it. */
export function unknownDefinitionText(unknown: UnknownDefinition): string {
  const name = `the definition ${unknown.id} ${unknown.version}`;
  switch (unknown.problem) {
    case "id":
      return `${name} is not registered here, nor is any other version of it`;
    case "version":
      return `${name} is not registered here, only ${unknown.registered.length === 1 ? "version" : "versions"} ${unknown.registered.join(", ")}`;
    case "fingerprint": {
      const same = unknown.sameGraph.length === 0 ? "" : `; the instance's graph is that of version ${unknown.sameGraph.join(", ")} here`;
      const seen = unknown.differences.length === 0 ? "which steps differ cannot be seen from where it stands" : differencesText(unknown.differences);
      return `${name} has another graph here (fingerprint ${short(unknown.here)}) than the instance (${short(unknown.fingerprint)})${same}; ${seen}`;
    }
  }
}

/** What would make it known, or take the instance to what is known here. */
export function unknownDefinitionWayOut(unknown: UnknownDefinition): string {
  const { id, version, fingerprint } = unknown;
  const register = `register definition ${id} ${version}`;
  switch (unknown.problem) {
    case "id":
      return `${register} on a host`;
    case "version":
      return `${register} on a host, or take it to version ${unknown.registered.at(-1)} with migrateWorkflow`;
    case "fingerprint": {
      const target = unknown.sameGraph.at(-1) ?? version;
      return `${register} with the graph that it was started with (fingerprint ${short(fingerprint)}) on a host, or take it to version ${target} with migrateWorkflow`;
    }
  }
}

function differencesText(differences: readonly StepDifference[]): string {
  const [first] = differences;
  if (first === undefined) return "";
  const { step, stepId, problem, here } = first;
  const stands = `it stands on step ${stepId} ${JSON.stringify(step)}`;
  const what =
    here === undefined || problem === "missing"
      ? "which is missing here"
      : `which is ${JSON.stringify(here.step)}${problem === "otherKind" ? ` of the kind ${here.kind}` : ""} here`;
  const others = differences.length === 1 ? "" : `, and ${differences.length - 1} more differ`;
  return `${stands}, ${what}${others}`;
}

function differencesOf(
  steps: readonly StepDefinition[],
  row: WorkflowRow,
  pointers: readonly PointerRow[],
  payloads: Payloads,
): readonly StepDifference[] {
  const containers = new Set(pointers.flatMap(({ scope }) => scope));
  const differences: StepDifference[] = [];
  for (const pointer of pointers) {
    if (differences.length === EXPLAINED_AT_MOST) break;
    const difference = differenceOf(steps[pointer.stepId], pointer, kindOf(row, pointer, payloads), containers.has(pointer.id));
    if (difference !== undefined) differences.push(difference);
  }
  return differences;
}

function differenceOf(
  here: StepDefinition | undefined,
  pointer: PointerRow,
  standing: PointerStanding["kind"],
  holdsOthers: boolean,
): StepDifference | undefined {
  const { id: pointerId, stepId, stepName } = pointer;
  const base = { pointerId, stepId, step: stepName ?? `step ${stepId}` };
  if (here === undefined) return { ...base, problem: "missing" };
  const shown = { step: here.name, kind: here.kind };
  const kinds = kindsThatMay(standing, pointer, holdsOthers);
  if (kinds !== undefined && !kinds.has(here.kind)) return { ...base, problem: "otherKind", here: shown };
  return stepName === undefined || stepName === here.name ? undefined : { ...base, problem: "otherName", here: shown };
}

/** What cannot be decoded here is taken for a step that runs. */
function kindOf(row: WorkflowRow, pointer: PointerRow, payloads: Payloads): PointerStanding["kind"] {
  try {
    return standingOf(row, pointer, payloads).kind;
  } catch {
    return "running";
  }
}

/** As much of a fingerprint as tells two apart. */
function short(fingerprint: string): string {
  return fingerprint.slice(0, 12);
}
