import { isDeepStrictEqual } from "node:util";
import type { StepDefinition } from "../models/step-definition.ts";
import type { ChainOwner, CompiledDefinition } from "./compiled-definition.ts";

/** What the number and the name of a step that a pointer stands at lead to. */
export type Counterpart = { readonly step: StepDefinition } | { readonly problem: string };

/** Where a pointer stands. */
interface Standing {
  readonly stepId: number;
  readonly stepName?: string | undefined;
}

/** Finds the steps of another version of a definition that stand for those of an instance's own. */
export class StepCounterparts {
  /** What is wrong with the mapping that was given, whatever the instance. */
  readonly faults: readonly string[];
  readonly #from: CompiledDefinition | undefined;
  readonly #to: CompiledDefinition;
  readonly #given: ReadonlyMap<number, StepDefinition>;
  readonly #found = new Map<number, Counterpart>();

  /**
   * @param from - The definition of the instance; `undefined` where nobody knows it.
   * @param standing - Where pointers of the instance stand: what steps can be named by where nobody knows the definition.
   * @param mapping - Counterparts, by the old step's external id, name or number.
   */
  constructor(
    from: CompiledDefinition | undefined,
    to: CompiledDefinition,
    standing: readonly Standing[],
    mapping: { readonly [oldStep: string]: string | number },
  ) {
    this.#from = from;
    this.#to = to;
    const given = new Map<number, StepDefinition>();
    const faults: string[] = [];
    for (const [name, target] of Object.entries(mapping)) {
      const olds = from === undefined ? standingAt(standing, name) : named(from, name);
      const news = named(to, target);
      if (typeof olds === "string") faults.push(`steps has ${JSON.stringify(name)}: ${olds}`);
      if (typeof news === "string") faults.push(`steps leads from ${JSON.stringify(name)} to ${JSON.stringify(target)}: ${news}`);
      if (typeof olds === "object" && typeof news === "object") given.set(olds.id, news);
    }
    this.#given = given;
    this.faults = faults;
  }

  /** The step of the old version; `undefined` where nobody knows it. */
  old(stepId: number): StepDefinition | undefined {
    return this.#from?.steps[stepId];
  }

  of(standing: Standing): Counterpart {
    let found = this.#found.get(standing.stepId);
    if (found === undefined) {
      found = this.#find(standing);
      this.#found.set(standing.stepId, found);
    }
    return found;
  }

  #find(standing: Standing): Counterpart {
    const { stepId } = standing;
    const given = this.#given.get(stepId);
    if (given !== undefined) return { step: given };
    const shown = shownStep(standing);
    if (this.#from === undefined) {
      return { problem: `${shown} has no counterpart: its definition is not known here; name one in steps, or give the definition as from` };
    }
    const old = this.#from.steps[stepId];
    if (old === undefined) return { problem: `${shown} is not in the definition that the instance belongs to` };
    const same = this.#from.definition.fingerprint === this.#to.definition.fingerprint ? this.#to.steps[stepId] : undefined;
    const step = same ?? (old.externalId === undefined ? undefined : this.#to.stepWithId(old.externalId));
    return step === undefined ? this.#alike(old, shown) : { step };
  }

  /** The only step of the same name, kind and key; of several, the only one in the counterpart of the block around it. */
  #alike(old: StepDefinition, shown: string): Counterpart {
    const from = this.#from as CompiledDefinition; // asked for where it is known
    const peers = from.steps.filter((step) => isAlike(old, step));
    // One with an id stands for the step of that id, if for any.
    const isOthers = ({ externalId }: StepDefinition): boolean =>
      externalId !== undefined && (old.externalId !== undefined || from.stepWithId(externalId) !== undefined);
    const candidates = this.#to.steps.filter((step) => isAlike(old, step) && !isOthers(step));
    const [only] = candidates;
    if (only === undefined) {
      return {
        problem: `${shown} has no counterpart: no step has its ${old.externalId === undefined ? "" : "id, or its "}name and kind; name one in steps`,
      };
    }
    if (peers.length === 1 && candidates.length === 1) return { step: only };
    const owner = from.ownerOf(old.id);
    const around = owner === undefined ? undefined : this.of({ stepId: owner.step.id, stepName: owner.step.name });
    const isHere = (other: ChainOwner | undefined): boolean =>
      around === undefined || owner === undefined
        ? other === undefined
        : other !== undefined && "step" in around && other.step.id === around.step.id && isSameBlock(owner, other);
    const near = candidates.filter(({ id }) => isHere(this.#to.ownerOf(id)));
    const mates = peers.filter(({ id }) => from.ownerOf(id)?.step === owner?.step && isSameBlock(owner, from.ownerOf(id)));
    const [nearest] = near;
    if (nearest !== undefined && near.length === 1 && mates.length === 1) return { step: nearest };
    const numbers = candidates.map(({ id }) => id).join(", ");
    return { problem: `${shown} has no certain counterpart: its name and kind are those of several steps (${numbers} there); name one in steps` };
  }
}

function isAlike(one: StepDefinition, other: StepDefinition): boolean {
  return one.name === other.name && one.kind === other.kind && one.stepType === other.stepType;
}

function isSameBlock(one: ChainOwner | undefined, other: ChainOwner | undefined): boolean {
  const [a, b] = [one?.block, other?.block];
  return one?.relation === other?.relation && a?.role === b?.role && a?.name === b?.name && isDeepStrictEqual(a?.value, b?.value);
}

/** The step with this external id, or this name if it is the only one, or this number. @returns What is wrong where there is none. */
function named(definition: CompiledDefinition, name: string | number): StepDefinition | string {
  const { steps } = definition;
  const { version } = definition.definition;
  if (typeof name === "number") return steps[name] ?? `version ${version} has no step ${name}`;
  const byId = definition.stepWithId(name);
  if (byId !== undefined) return byId;
  const [first, ...others] = steps.filter((step) => step.name === name);
  if (others.length > 0) {
    const numbers = [first, ...others].map((step) => step?.id).join(", ");
    return `several steps of version ${version} have that name (${numbers}): use its number, or give it an id`;
  }
  return first ?? (isNumber(name) ? steps[Number(name)] : undefined) ?? `version ${version} has no step of that id, name or number`;
}

/** The number of the step at which pointers of this stored name stand, or that this is. Not a fault where none does: another instance may have one. */
function standingAt(standing: readonly Standing[], name: string): { readonly id: number } | string | undefined {
  const ids = new Set(standing.filter(({ stepName }) => stepName === name).map(({ stepId }) => stepId));
  const [id, ...others] = ids;
  if (others.length > 0) return `pointers of that name stand at several steps (${[...ids].join(", ")}): use their numbers`;
  if (id !== undefined) return { id };
  return isNumber(name) ? { id: Number(name) } : undefined;
}

/** A step, as messages name it. */
export function shownStep({ stepId, stepName }: Standing): string {
  return `step ${stepId}${stepName === undefined ? "" : ` ${JSON.stringify(stepName)}`}`;
}

function isNumber(name: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(name);
}
