import type { PointerRow } from "../../../src/index.ts";
import { FLAG, keyOf } from "./build.ts";
import type { CallingOff } from "./calling-off.ts";
import type { Family } from "./family.ts";
import type { Findings } from "./findings.ts";
import type { Place } from "./place.ts";
import { shown } from "./record.ts";
import type { ActivityNode, Node, PollNode, WaitNode } from "./tree.ts";

/** What good ends of steps leave in the data. */
export class Results {
  readonly #found: Findings;
  readonly #family: Family;
  readonly #callingOff: CallingOff;

  constructor(found: Findings, family: Family, callingOff: CallingOff) {
    this.#found = found;
    this.#family = family;
    this.#callingOff = callingOff;
  }

  /** Whether a wait has ended by its limit. */
  isLate(node: WaitNode | ActivityNode | PollNode, pointer: PointerRow): boolean {
    if (node.kind !== "wait") return node.never === true;
    return this.#found.record.events(pointer).length === 0;
  }

  /** What a step has written to the data. */
  write(node: Node, place: Place, pointer: PointerRow): void {
    const found = this.#found;
    switch (node.kind) {
      case "raise":
        this.#callingOff.raises(pointer);
        found.count(FLAG);
        return found.writes(pointer);
      case "body":
        if (node.gives === "patch") found.patches.push({ pointer, key: keyOf(found.names.of(node), place.item) });
        return found.writes(pointer);
      case "branch":
        // Without a state of its own it ends by what it has branched, and gives no result.
        if (node.again) found.writes(pointer);
        return;
      case "outcome":
        return found.writes(pointer);
      case "wait":
        if (this.isLate(node, pointer)) return;
        if (node.never === true) found.fault(`${shown(pointer)} has got what never comes`);
        return found.writes(pointer, `<${found.record.events(pointer).at(-1) ?? ""}`);
      case "activity":
      case "poll":
        if (!this.isLate(node, pointer)) found.writes(pointer);
        return;
      case "child": {
        const child = this.#family.children(pointer).at(-1);
        if (child?.status !== "complete") found.fault(`${shown(pointer)} is complete, and its child ${child?.status ?? "nowhere"}`);
        return found.writes(pointer, `<${child?.logLength ?? 0}`);
      }
      default:
        return;
    }
  }
}
