import type { PointerRow } from "../../../src/index.ts";
import { inheritedIn } from "./fates.ts";
import { isOpenPointer } from "./record.ts";
import type { Chain, Node, Tree } from "./tree.ts";

/**
 * How a chain goes on behind a node: `on` to the next; `ended` when the chain ends there and its container finishes all the same; `cut` when
 * something else has ended it; `open` when it has not ended.
 */
export type Flow = "on" | "ended" | "cut" | "open";
/** How the flow goes on, and behind which pointer. */
export type Step = readonly [Flow, PointerRow];

/** Where a node stands. */
export interface Place {
  /** The containers, outermost first. */
  readonly containers: readonly PointerRow[];
  readonly item: string;
  readonly inherited: Tree["onError"];
  readonly saga: PointerRow | undefined;
  readonly recur: PointerRow | undefined;
}

/** Walks chains along a record: what the parts of the interpreter need of each other. */
export interface Walker {
  /** Walks a chain from its first pointer. */
  chain(chain: Chain, place: Place, first: PointerRow | undefined): Flow;
  /** The same. @returns The last pointer, too. */
  walk(chain: Chain, place: Place, first: PointerRow | undefined): readonly [Flow, PointerRow | undefined];
}

/** The place in a container. */
export function within(node: Node, place: Place, container: PointerRow, item: string = place.item): Place {
  const { containers, inherited } = place;
  return { ...place, containers: [...containers, container], inherited: inheritedIn(node, inherited), item };
}

/** Where the turns of a loop are counted apart from those elsewhere. */
export function turnsOf({ containers, item }: Place): string {
  return (containers.at(-1)?.id ?? "") + item;
}

/** Whether a container has not come to its end by itself. */
export function hasStopped(container: PointerRow): boolean {
  return container.status === "cancelled" || isOpenPointer(container);
}

/** Whether what follows runs beside a node. */
export function isFork({ kind }: Node): boolean {
  return kind === "schedule" || kind === "recur";
}
