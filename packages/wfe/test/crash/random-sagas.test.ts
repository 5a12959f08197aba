import { describe, expect, it } from "vitest";
import { type BranchBuilder, type Chain, ErrorBehavior, type PointerRow, WorkflowBuilder, type WorkflowRecord } from "../../src/index.ts";
import { VirtualEntropy } from "../../src/test-support/index.ts";
import { type ProviderSet, providerSets } from "../provider-sets.ts";
import { CrashPoint } from "./crashing-providers.ts";
import { finishedAfter } from "./lost-hosts.ts";

interface Data {
  n: number;
}
type Builder = BranchBuilder<Data>;

/** Sagas, containers and steps in each other, some of which fail once or always. */
class RandomSagas {
  readonly #entropy: VirtualEntropy;
  readonly #failed = new Set<string>();
  #names = 0;

  constructor(seed: number) {
    this.#entropy = new VirtualEntropy(seed);
  }

  saga(b: Builder, depth: number): Chain {
    const behaviors = [undefined, undefined, ErrorBehavior.compensate(), ErrorBehavior.retry({ interval: "10ms", maxRetries: 1 })];
    const behavior = behaviors[this.#below(behaviors.length)];
    const saga = b.saga((x) => this.#chain(x, depth)).name(`saga ${this.#name()}`);
    const undone = this.#below(2) === 0 ? saga.compensateWithFn("undo saga", () => {}) : saga;
    return behavior === undefined ? undone : undone.onError(behavior);
  }

  #chain(b: Builder, depth: number): Chain {
    let chain: Chain = this.#element(b, depth);
    // A chain has all the verbs, whatever its last step was.
    for (let more = this.#below(3); more > 0; more -= 1) chain = this.#element(chain as unknown as Builder, depth);
    return chain;
  }

  #element(b: Builder, depth: number): Chain {
    switch (depth === 0 ? 0 : this.#below(7)) {
      case 1:
      case 2:
        return this.saga(b, depth - 1);
      case 3:
        return b.parallel((p) => p.branch((x) => this.#chain(x, depth - 1)).branch((x) => this.#chain(x, depth - 1)));
      case 4:
        return b.forEach(
          () => [1, 2],
          (x) => this.#chain(x, depth - 1),
          { parallel: this.#below(2) === 0 },
        );
      case 5:
        return b.delay(this.#below(40));
      default:
        return this.#step(b);
    }
  }

  #step(b: Builder): Chain {
    const name = this.#name();
    const [ends, waits] = [this.#below(8), this.#below(3)];
    const step = b.thenFn(name, async (ctx) => {
      for (let turn = 0; turn < waits; turn += 1) await Promise.resolve();
      const isFirst = !this.#failed.has(`${name} ${ctx.pointer.id}`);
      if (ends === 0 || (ends === 1 && isFirst && this.#failed.size < 3)) {
        this.#failed.add(`${name} ${ctx.pointer.id}`);
        throw new Error(`no ${name}`);
      }
    });
    return this.#below(3) === 0 ? step : step.compensateWithFn(`undo ${name}`, () => {});
  }

  #name(): string {
    this.#names += 1;
    return `s${this.#names}`;
  }

  #below(limit: number): number {
    return Math.floor(this.#entropy.random() * limit);
  }
}

/** What is wrong with the pointers of a workflow of sagas that is complete. */
function faultsOf({ pointers }: WorkflowRecord): readonly string[] {
  const byId = new Map(pointers.map((pointer) => [pointer.id, pointer]));
  const faults: string[] = [];
  const compensators = pointers.filter(({ compensates }) => compensates !== undefined);
  const undoable = new Set(compensators.map(({ compensates }) => byId.get(compensates ?? "")?.stepId));
  const isSaga = ({ stepName }: PointerRow): boolean => stepName?.startsWith("saga") === true;
  const undoing = (id: string): number => compensators.filter(({ compensates, status }) => compensates === id && status === "complete").length;
  for (const pointer of pointers) {
    const shown = `${pointer.stepName} ${pointer.id} ${pointer.status}`;
    if (pointer.endSeq === undefined) faults.push(`${shown} is open`);
    const times = undoing(pointer.id);
    // A saga that has run more than once was undone before, or each time.
    const most = Math.max(
      0,
      isSaga(pointer) ? pointer.attempt - (pointer.status === "compensated" ? 0 : 1) : Number(pointer.status === "compensated"),
    );
    if (times > most) faults.push(`${shown} was undone ${times} times`);
    if (pointer.compensates !== undefined || !undoable.has(pointer.stepId) || isSaga(pointer)) continue;
    const around = pointer.scope.flatMap((id) => byId.get(id) ?? []).filter(isSaga);
    const undone = around.findIndex(({ status }) => status === "compensated");
    const asOne = around.slice(undone + 1).some((saga) => saga.status === "complete" || (saga.status === "compensated" && undoing(saga.id) > 0));
    const ran = pointer.attempt > 0 && pointer.status !== "skipped";
    if (undone !== -1 && ran && !asOne && pointer.status !== "compensated" && undoing(around[undone]?.id ?? "") === 0)
      faults.push(`${shown} was not undone`);
    if (pointer.status === "compensated" && times !== 1) faults.push(`${shown} has ${times} compensators`);
  }
  for (const saga of pointers.filter(isSaga)) {
    const own = compensators.filter(({ scope, compensates }) => scope.at(-1) === saga.id && compensates !== saga.id);
    own.forEach((compensator, index) => {
      const [before, after] = [byId.get(own[index - 1]?.compensates ?? ""), byId.get(compensator.compensates ?? "")];
      if (before === undefined || after === undefined || before.error !== undefined) return;
      const isAnotherRun = after.seq > (own[index - 1]?.seq ?? 0);
      if (!isAnotherRun && (after.endSeq ?? 0) > (before.endSeq ?? 0)) faults.push(`${after.stepName} was undone behind ${before.stepName}`);
    });
  }
  return faults;
}

async function faultsWith(set: ProviderSet, seed: number, points: readonly CrashPoint[]): Promise<readonly string[]> {
  const random = new RandomSagas(seed);
  const definition = new WorkflowBuilder<Data>().use((b) => random.saga(b, 3)).build("w", 1);
  const { faults } = await finishedAfter(set, { definition, data: { n: 0 }, faultsOf }, points);
  return faults.map((fault) => `seed ${seed}: ${fault}`);
}

describe("random sagas in each other", () => {
  it("are undone each step once and in order, also when hosts are lost at random points", { timeout: 300_000 }, async () => {
    const [memory] = providerSets as [ProviderSet];
    const faults: string[] = [];

    for (let seed = 1; seed <= 300; seed += 1) {
      faults.push(...(await faultsWith(memory, seed, [])));
      const at = new VirtualEntropy(seed);
      const point = (): CrashPoint => new CrashPoint(5 + Math.floor(at.random() * 60), at.random() < 0.5 ? "before" : "after");
      faults.push(...(await faultsWith(memory, seed, [point(), point()])));
    }

    expect(faults.slice(0, 10)).toEqual([]);
  });
});
