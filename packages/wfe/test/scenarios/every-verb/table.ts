import { APART, CHOICES, type Container, NESTED, SEVERAL } from "./containers.ts";
import { FLOW_VERBS } from "./flow-verbs.ts";
import type { Verb } from "./fragment.ts";
import { STEP_VERBS } from "./step-verbs.ts";
import { WAIT_VERBS } from "./wait-verbs.ts";

/** Every verb, with all that can become of it. */
export const VERBS: readonly Verb[] = [...STEP_VERBS, ...WAIT_VERBS, ...FLOW_VERBS];

/** Every place where they can stand. */
export const CONTAINERS: readonly Container[] = [...CHOICES, ...SEVERAL, ...APART, ...NESTED];

/** Why a definition with this verb in this container is refused; `undefined`: it is not. */
export function refusal(verb: Verb, container: Container): string | undefined {
  if (container.isCompensator === true && verb.refusedInCompensator !== undefined) return verb.refusedInCompensator;
  return verb.leadsTo === "before" && container.goToOut !== true ? container.goToOut : undefined;
}
