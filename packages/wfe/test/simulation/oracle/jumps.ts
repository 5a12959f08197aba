import type { PointerRow } from "../../../src/index.ts";
import { keyOf } from "./build.ts";
import type { CallingOff } from "./calling-off.ts";
import type { Containers } from "./containers.ts";
import type { Findings } from "./findings.ts";
import { hasStopped, type Place, type Step, turnsOf, type Walker } from "./place.ts";
import { shown } from "./record.ts";
import type { AgainNode, SkipNode } from "./tree.ts";

/** Chains that jump. */
export class Jumps {
  readonly #found: Findings;
  readonly #callingOff: CallingOff;
  readonly #containers: Containers;
  readonly #walker: Walker;

  constructor(found: Findings, callingOff: CallingOff, containers: Containers, walker: Walker) {
    this.#found = found;
    this.#callingOff = callingOff;
    this.#containers = containers;
    this.#walker = walker;
  }

  /** A chain that jumps back to its beginning. */
  again(node: AgainNode, place: Place, first: PointerRow): Step {
    const found = this.#found;
    const name = found.names.of(node);
    const turns = keyOf(name, turnsOf(place));
    let turn = first;
    for (;;) {
      const counted = this.#containers.turn(name, place, turn);
      if (counted !== "on") return [counted, turn];
      const [flow, last = turn] = this.#walker.walk(node.block, place, found.next(turn, place));
      if (flow !== "on") return [flow, last];
      const condition = found.next(last, place);
      if (condition === undefined) return [this.#callingOff.cutBehind(last, place), last];
      found.expect(condition, `${name}if`);
      const jumps = (found.counts[turns] ?? 0) <= node.times;
      const [entry] = found.record.entries(condition);
      if (entry === undefined) {
        if (hasStopped(condition)) return [this.#callingOff.stopped(place, condition), condition];
        if (jumps) found.fault(`${shown(condition)} is to jump`);
        return ["on", condition];
      }
      if (!jumps) found.fault(`${shown(condition)} jumps once too often`);
      const [left, jump] = this.#jump(node, { ...place, containers: [...place.containers, condition] }, entry);
      if (left !== "on") {
        this.#callingOff.stopped(place, condition);
        return [left, condition];
      }
      if (condition.status !== "complete") found.fault(`${shown(condition)} was left by a jump`);
      const target = found.next(jump, place);
      if (target === undefined) return [this.#callingOff.cutBehind(jump, place), jump];
      turn = target;
    }
  }

  /** A chain that jumps over the rest of it, to a step behind. */
  skip(node: SkipNode, place: Place, condition: PointerRow): Step {
    const found = this.#found;
    const name = found.names.of(node);
    found.expect(condition, `${name}if`);
    const [entry] = found.record.entries(condition);
    let before = condition;
    if (entry === undefined) {
      if (hasStopped(condition)) return [this.#callingOff.stopped(place, condition), condition];
      if (node.jumps) found.fault(`${shown(condition)} is to jump`);
      const first = found.next(condition, place);
      if (first === undefined) return [this.#callingOff.cutBehind(condition, place), condition];
      const [flow, last = condition] = this.#walker.walk(node.block, place, first);
      if (flow !== "on") return [flow, last];
      before = last;
    } else {
      if (!node.jumps) found.fault(`${shown(condition)} is not to jump`);
      const [left, jump] = this.#jump(node, { ...place, containers: [...place.containers, condition] }, entry);
      if (left !== "on") {
        this.#callingOff.stopped(place, condition);
        return [left, condition];
      }
      if (condition.status !== "complete") found.fault(`${shown(condition)} was left by a jump`);
      before = jump;
    }
    const target = found.next(before, place);
    if (target === undefined) return [this.#callingOff.cutBehind(before, place), before];
    found.expect(target, name);
    if (hasStopped(target)) return [this.#callingOff.stopped(place, target), target];
    if (target.status !== "complete") found.fault(`${shown(target)} is neither complete nor called off`);
    found.writes(target);
    return ["on", target];
  }

  /** The containers that a jump leaves, and the jump. */
  #jump(node: AgainNode | SkipNode, place: Place, first: PointerRow): Step {
    const found = this.#found;
    const name = found.names.of(node);
    const isIn = node.from !== "if";
    if (isIn) found.expect(first, `${name}${node.from}`);
    const inside = isIn ? { ...place, containers: [...place.containers, first] } : place;
    const entry = isIn ? found.record.entries(first)[0] : first;
    const fork = node.from === "decide" ? entry : undefined;
    if (fork !== undefined) found.expect(fork, `${name}fork`);
    const jump = fork === undefined ? entry : found.next(fork, inside);
    if (jump === undefined) return [this.#callingOff.stopped(place, first), first];
    found.expect(jump, `goTo ${name}`);
    if (hasStopped(jump)) {
      for (const each of [fork, isIn ? first : undefined]) if (each !== undefined) this.#callingOff.stopped(inside, each);
      return [this.#callingOff.stopped(inside, jump), jump];
    }
    if (fork !== undefined && fork.status !== "cancelled") found.fault(`${shown(fork)} was left by a jump`);
    if (isIn && first.status !== "complete") found.fault(`${shown(first)} was left by a jump`);
    return ["on", jump];
  }
}
