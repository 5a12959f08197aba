import { ExecutionResult, type StepBuilder, type Verbs, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";

/** Everything that holds a chain of other steps. */
export const CONTAINERS = [
  "ifDo",
  "whileDo",
  "forEach in order",
  "forEach at once",
  "children",
  "parallel",
  "decide",
  "onOutcome",
  "onTimeout",
] as const;

export type ContainerKind = (typeof CONTAINERS)[number];

/** A step, or a container with its blocks. Every name is there once. */
interface Element {
  readonly name: string;
  readonly kind?: ContainerKind;
  readonly blocks: readonly Chain[];
}

/** Begins with a step. */
type Chain = readonly Element[];

export interface Nest {
  /** What the steps have written, in the order of their results. */
  seen: string[];
  /** Iterations of each whileDo so far. */
  counts: Record<string, number>;
}

type Place = Verbs<Nest, string, unknown>;

const TIMES = 2;

/**
 * Containers in each other, as deep as `kinds` is long: each stands between two steps, and has other blocks beside the inner one where it
 * can. Each step writes a label: the path of the iterations it stands in, and its name.
 */
export class NestedWorkflow {
  readonly definition: WorkflowDefinition<Nest>;
  readonly #chain: Chain;
  readonly #ran: string[];
  #names = 0;

  /** @param ran - Gets the label of each step as its body runs. */
  constructor(id: string, kinds: readonly ContainerKind[], ran: string[]) {
    this.#ran = ran;
    this.#chain = this.#nested(kinds);
    // One item around it all, so that every place has one: it is the path.
    this.definition = new WorkflowBuilder<Nest>()
      .forEach(
        () => [`${id}/`],
        (b) => this.#written(b, this.#chain),
        { parallel: false },
      )
      .build(id, 1);
  }

  /**
   * What is wrong with a log of its run: each element of a chain has to come as a whole, once, behind the one before it. Branches and
   * iterations that run at once may mix.
   */
  faults(log: readonly string[]): readonly string[] {
    return chainFaults(log, this.#chain, `${this.definition.id}/`);
  }

  #nested(kinds: readonly ContainerKind[]): Chain {
    const [kind, ...inner] = kinds;
    if (kind === undefined) return [this.#step(), this.#step()];
    const name = this.#name();
    const other = (): Chain => [this.#step(), this.#step()];
    const blocks: Record<ContainerKind, () => readonly Chain[]> = {
      ifDo: () => [this.#nested(inner), other()],
      whileDo: () => [this.#nested(inner)],
      "forEach in order": () => [this.#nested(inner)],
      "forEach at once": () => [this.#nested(inner)],
      children: () => [this.#nested(inner)],
      parallel: () => [other(), this.#nested(inner), [this.#step()]],
      decide: () => [this.#nested(inner), other(), other()],
      onOutcome: () => [this.#nested(inner), other()],
      onTimeout: () => [this.#nested(inner)],
    };
    return [this.#step(), { name, kind, blocks: blocks[kind]() }, this.#step()];
  }

  #step(): Element {
    return { name: this.#name(), blocks: [] };
  }

  #name(): string {
    this.#names += 1;
    return `s${this.#names}`;
  }

  #written(b: Place, chain: Chain): StepBuilder<Nest, string, unknown> {
    const [first, ...rest] = chain;
    if (first === undefined) throw new Error("a chain begins with a step");
    let at = this.#writtenStep(b, first.name);
    for (const element of rest) at = element.kind === undefined ? this.#writtenStep(at, element.name) : this.#container(at, element.kind, element);
    return at;
  }

  #writtenStep(b: Place, name: string): StepBuilder<Nest, string, unknown> {
    return b
      .thenFn(name, (ctx) => {
        const label = `${ctx.item}${name}`;
        this.#ran.push(label);
        return label;
      })
      .output((label, data) => void data.seen.push(label));
  }

  #container(b: Place, kind: ContainerKind, { name, blocks }: Element): StepBuilder<Nest, string, unknown> {
    const block = (index: number) => (inner: Place) => this.#written(inner, blocks[index] ?? []);
    switch (kind) {
      case "ifDo":
        return b.ifDo((data) => data.seen.length > 0, block(0), block(1));
      case "whileDo":
        return this.#loop(b, name, block(0));
      case "forEach in order":
      case "forEach at once":
        return b.forEach((_, ctx) => iterations(ctx.item, name), block(0), { parallel: kind === "forEach at once" });
      case "children":
        return b.thenFn("branch", (ctx) => ExecutionResult.branch(iterations(ctx.item, name))).children((inner) => block(0)(inner as Place));
      case "parallel":
        return b.parallel((p) => p.branch(block(0)).branch("named", block(1)).branch(block(2)));
      case "decide":
        return b.decide(
          () => 1 as number,
          (d) => d.case(0, block(1)).case(1, block(0)).otherwise(block(2)),
        );
      case "onOutcome":
        return b
          .thenFn("choose", () => ExecutionResult.outcome({ block: 1 as number }))
          .onOutcome({ block: 0 }, block(1))
          .onOutcome({ block: 1 }, block(0));
      case "onTimeout":
        return b.waitFor("never", (_, ctx) => ctx.item, { timeout: 10 }).onTimeout(block(0));
    }
  }

  #loop(b: Place, name: string, body: (inner: Place) => StepBuilder<Nest, string, unknown>): StepBuilder<Nest, string, unknown> {
    const counter = (data: Readonly<Nest>, item: string): number => data.counts[`${item}${name}`] ?? 0;
    return b
      .whileDo(
        (data, ctx) => counter(data, ctx.item) < TIMES,
        (inner) =>
          body(inner.thenFn("count", () => 1).output((by, data, ctx) => void (data.counts[`${ctx.item}${name}`] = counter(data, ctx.item) + by))),
      )
      .thenFn("reset", () => 0) // for the next time this place is come to
      .output((zero, data, ctx) => void (data.counts[`${ctx.item}${name}`] = zero));
  }
}

function iterations(path: string, name: string): string[] {
  return Array.from({ length: TIMES }, (_, index) => `${path}${name}.${index}/`);
}

function chainFaults(log: readonly string[], chain: Chain, path: string): readonly string[] {
  if (log.length !== chainSize(chain)) return [`${log.length} in place of ${chainSize(chain)} steps of ${path}: ${log.join(" ")}`];
  let from = 0;
  return chain.flatMap((element) => {
    const part = log.slice(from, from + elementSize(element));
    from += part.length;
    return elementFaults(part, element, path);
  });
}

function elementFaults(log: readonly string[], { kind, name, blocks }: Element, path: string): readonly string[] {
  const [block = []] = blocks;
  const turn = (index: number): readonly string[] => log.slice(index * chainSize(block), (index + 1) * chainSize(block));
  switch (kind) {
    case undefined:
      return log[0] === `${path}${name}` ? [] : [`${log[0]} in place of ${path}${name}`];
    case "whileDo":
      return iterations(path, name).flatMap((_, index) => chainFaults(turn(index), block, path));
    case "forEach in order":
      return iterations(path, name).flatMap((inner, index) => chainFaults(turn(index), block, inner));
    case "forEach at once":
    case "children":
      return iterations(path, name).flatMap((inner) => chainFaults(startingWith(inner, log), block, inner));
    case "parallel":
      return blocks.flatMap((branch) => {
        const own = namesIn(branch);
        return chainFaults(
          log.filter((label) => own.has(label.slice(path.length).split(".")[0] ?? "")),
          branch,
          path,
        );
      });
    default:
      return chainFaults(log, block, path);
  }
}

function startingWith(path: string, log: readonly string[]): readonly string[] {
  return log.filter((label) => label.startsWith(path));
}

/** How many labels it writes. */
function elementSize({ kind, blocks }: Element): number {
  const [block = []] = blocks;
  switch (kind) {
    case undefined:
      return 1;
    case "whileDo":
    case "forEach in order":
    case "forEach at once":
    case "children":
      return TIMES * chainSize(block);
    case "parallel":
      return blocks.reduce((size, branch) => size + chainSize(branch), 0);
    default:
      return chainSize(block);
  }
}

function chainSize(chain: Chain): number {
  return chain.reduce((size, element) => size + elementSize(element), 0);
}

function namesIn(chain: Chain): ReadonlySet<string> {
  return new Set(chain.flatMap(({ name, blocks }) => [name, ...blocks.flatMap((block) => [...namesIn(block)])]));
}
