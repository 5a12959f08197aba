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

/** What does not work yet, by verb and container. */
const FAULTS: readonly { readonly verb: string; readonly container: string; readonly fault: string }[] = [
  {
    verb: "`cancelWhen`, true at once",
    container: "a `compensateWithSequence`",
    fault: "the workflow does not go on behind the step that was undone",
  },
];

/** What is known to be wrong with a pair; `undefined`: nothing. */
export function knownFault(verb: Verb, container: Container): string | undefined {
  return FAULTS.find((each) => each.verb === verb.name && each.container === container.name)?.fault;
}
