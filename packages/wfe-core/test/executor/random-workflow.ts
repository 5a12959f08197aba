import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { NonRetryableError } from "../../src/errors/step-errors.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import type { StepExecutionContext } from "../../src/traits/step-execution-context.ts";
import type { PassHarness } from "./pass-harness.ts";
import { type Data, inAnyOrder, inOrder, type Part, type Trace, undoOf } from "./random-parts.ts";
import { verbParts } from "./random-verbs.ts";

type Chain = any; // what is built is random: its types say nothing
type Context = StepExecutionContext<any, string>;
/** The item of the innermost container, if there is one. */
const itemOf = (ctx: Context): string => (ctx.item as string | undefined) ?? "";
const retry = ErrorBehavior.retry({ interval: 50, maxRetries: "unlimited", backoff: 1.2, maxInterval: 200 });

/** Workflows of all kinds of steps, nested at random. Each step writes to the log when its result is accepted. */
export class RandomWorkflow {
  readonly #random: (below: number) => number;
  readonly #harness: PassHarness;
  readonly #failed = new Set<string>();
  #names = 0;
  /** What is in the log of an accepted commit. */
  readonly committed: Set<string> = new Set();
  readonly problems: string[] = [];
  readonly root: Part;

  constructor(harness: PassHarness, random: (below: number) => number) {
    this.#harness = harness;
    this.#random = random;
    this.root = this.#chain(3);
  }

  #chain(depth: number): Part {
    const parts = Array.from({ length: 1 + this.#random(3) }, () => this.#part(depth));
    return {
      add: (to) => parts.reduce((chain, part) => part.add(chain) as Chain, to),
      trace: (item) =>
        parts.reduceRight<Trace>(
          (rest, part) => (part.forks === true ? inAnyOrder([part.trace(item), rest]) : inOrder([part.trace(item), rest])),
          inOrder([]),
        ),
      undo: (item) => ({
        ordered: parts.every(({ forks }) => forks !== true),
        of: parts.toReversed().map((part) => undoOf(part, item)),
      }),
      events: (item) => parts.flatMap((part) => part.events(item)),
    };
  }

  #part(depth: number): Part {
    const kinds = [
      () => this.#if(depth),
      () => this.#forEach(depth),
      () => this.#parallel(depth),
      () => this.#delay(),
      () => this.#wait(),
      () => this.#while(),
      () => this.#waitForAny(),
      () => this.#decide(depth),
      () => this.#goTo(),
      () => this.#saga(depth),
      () => this.#schedule(depth),
      () => this.#recur(),
      ...verbParts({
        random: this.#random,
        name: (kind) => this.#name(kind),
        chain: () => this.#chain(depth - 1),
        failsOnce: (what) => this.#failsOnce(what),
        body: (to, name, entry) => this.#body(to, name, entry),
      }),
    ];
    return (depth > 0 ? kinds[this.#random(kinds.length + 3)] : undefined)?.() ?? this.#step();
  }

  #name(kind: string): string {
    this.#names += 1;
    return `${kind}${this.#names}`;
  }

  #failsOnce(what: string): void {
    if (this.#failed.has(what)) return;
    this.#failed.add(what);
    throw new Error(`${what} fails once`);
  }

  /** Adds a body that is seen to run in the store while it runs, and takes some time. */
  #body(
    to: Chain,
    name: string,
    entry: (ctx: Context) => string,
    result: (ctx: Context) => unknown = () => undefined,
    output = (_ctx: Context): void => {},
  ): Chain {
    const run = async (ctx: Context): Promise<unknown> => {
      const row = (await this.#harness.stored()).pointers.find(({ id }) => id === ctx.pointer.id);
      if (row === undefined || row.attempt < ctx.attempt) this.problems.push(`${name} runs, and no commit says so`);
      if (this.committed.has(entry(ctx))) this.problems.push(`${name} runs again behind its end`);
      const ms = this.#random(3) === 0 ? 0 : this.#random(400);
      if (ms > 0) await new Promise<void>((resolve) => void this.#harness.clock.setTimer(ms, resolve));
      return result(ctx);
    };
    const write = (_: unknown, data: Data, ctx: Context): void => {
      output(ctx);
      data.log.push(entry(ctx));
    };
    return to.thenFn(name, run).output(write).onError(retry) as Chain;
  }

  #step(): Part {
    const name = this.#name("step");
    const of = (item: string): string => `${name}@${item}`;
    const entry = (ctx: Context): string => of(itemOf(ctx));
    const isFirst = (ctx: Context): boolean => ctx.persistenceData === undefined;
    const plain = { trace: of, events: () => [] };
    const body = (result?: (ctx: Context) => unknown, output?: (ctx: Context) => void): Part => ({
      ...plain,
      add: (to) => this.#body(to, name, entry, result, output),
    });
    const children = (item: string): string[] => [0, 1].map((n) => `${item}/${name}.${n}`);
    switch (this.#random(8)) {
      case 0:
        return body((ctx) => this.#failsOnce(entry(ctx)));
      case 1:
        return body((ctx) => (isFirst(ctx) ? ExecutionResult.persist({ n: 1 }) : ExecutionResult.next()));
      case 2:
        return body((ctx) => (isFirst(ctx) ? ExecutionResult.sleep(this.#random(300), { n: 1 }) : ExecutionResult.next()));
      case 3:
        return {
          ...body((ctx) => (ctx.eventData === undefined ? ExecutionResult.waitForEvent("go", entry(ctx)) : ExecutionResult.next())),
          events: (item) => [of(item)],
        };
      case 4: {
        const result = (ctx: Context): unknown =>
          isFirst(ctx) ? ExecutionResult.branch(children(itemOf(ctx)), { done: true }) : ExecutionResult.next();
        const child = (b: Chain): Chain => this.#body(b, `${name}child`, (ctx) => `child@${itemOf(ctx)}`);
        return {
          ...plain,
          add: (to) => this.#body(to, name, entry, result).children(child) as Chain,
          trace: (item) => inOrder([inAnyOrder(children(item).map((of) => `child@${of}`)), of(item)]),
        };
      }
      case 5:
        return {
          ...plain,
          add: (to) =>
            to.thenFn(name, () => ExecutionResult.outcome("yes")).onOutcome("yes", (b: Chain) => this.#body(b, `${name}yes`, entry)) as Chain,
        };
      case 6:
        return body(undefined, (ctx) => this.#failsOnce(`mapping ${entry(ctx)}`));
      default:
        return body();
    }
  }

  #if(depth: number): Part {
    const name = this.#name("if");
    const [isTrue, fails] = [this.#random(2) === 0, this.#random(3) === 0];
    const [yes, no] = [this.#chain(depth - 1), this.#chain(depth - 1)];
    const condition = (_: Data, ctx: Context): boolean => {
      if (fails) this.#failsOnce(`${name}@${itemOf(ctx)}`);
      return isTrue;
    };
    const taken = isTrue ? yes : no;
    return {
      ...taken,
      add: (to) =>
        to
          .ifDo(
            condition,
            (b: Chain) => yes.add(b),
            (b: Chain) => no.add(b),
          )
          .onError(retry) as Chain,
    };
  }

  #forEach(depth: number): Part {
    const name = this.#name("each");
    const [length, parallel, body] = [this.#random(4), this.#random(2) === 0, this.#chain(depth - 1)];
    const items = (item: string): string[] => Array.from({ length }, (_, n) => `${item}/${name}.${n}`);
    return {
      add: (to) =>
        to
          .forEach(
            (_: Data, ctx: Context) => items(itemOf(ctx)),
            (b: Chain) => body.add(b),
            { parallel },
          )
          .onError(retry) as Chain,
      trace: (item) => ({ ordered: !parallel, of: items(item).map((inner) => body.trace(inner)) }),
      undo: (item) => ({
        ordered: !parallel,
        of: items(item)
          .toReversed()
          .map((inner) => undoOf(body, inner)),
      }),
      events: (item) => items(item).flatMap((inner) => body.events(inner)),
    };
  }

  #parallel(depth: number): Part {
    const branches = Array.from({ length: 1 + this.#random(3) }, () => this.#chain(depth - 1));
    return {
      add: (to) =>
        to.parallel((p: Chain) => branches.reduce((all, part) => all.branch((b: Chain) => part.add(b)) as Chain, p)).onError(retry) as Chain,
      trace: (item) => inAnyOrder(branches.map((part) => part.trace(item))),
      undo: (item) => inAnyOrder(branches.map((part) => undoOf(part, item))),
      events: (item) => branches.flatMap((part) => part.events(item)),
    };
  }

  #delay(): Part {
    const ms = this.#random(500);
    return { add: (to) => to.delay(ms) as Chain, trace: () => inOrder([]), events: () => [] };
  }

  /** Comes to its end by its event, or by its limit: the log says the same. */
  #wait(): Part {
    const name = this.#name("wait");
    const of = (item: string): string => `${name}@${item}`;
    const timeout = this.#random(3) === 0 ? 1 + this.#random(200) : undefined;
    return {
      add: (to) => {
        const wait = to
          .waitFor("go", (_: Data, ctx: Context) => of(itemOf(ctx)), timeout === undefined ? {} : { timeout })
          .output((_: unknown, data: Data, ctx: Context) => void data.log.push(of(itemOf(ctx))));
        return timeout === undefined ? wait : (wait.onTimeout((b: Chain) => this.#body(b, `${name}late`, (ctx) => of(itemOf(ctx)))) as Chain);
      },
      trace: of,
      events: (item) => [of(item)],
    };
  }

  #while(): Part {
    const [name, times] = [this.#name("while"), this.#random(4)];
    const of = (item: string, n: number): string => `${name}@${item}#${n}`;
    const count = (data: Data, ctx: Context): number => data.log.filter((entry) => entry.startsWith(of(itemOf(ctx), 0).slice(0, -1))).length;
    return {
      add: (to) =>
        to
          .whileDo(
            (data: Data, ctx: Context) => count(data, ctx) < times,
            (b: Chain) => this.#body(b, name, (ctx) => of(itemOf(ctx), count(ctx.data as Data, ctx))),
          )
          .onError(retry) as Chain,
      trace: (item) => inOrder(Array.from({ length: times }, (_, n) => of(item, n))),
      events: () => [],
    };
  }

  /** One of two events comes; whichever does, the log says the same. */
  #waitForAny(): Part {
    const name = this.#name("any");
    const of = (item: string): string => `${name}@${item}`;
    const never = (): string => "never";
    return {
      add: (to) =>
        to
          .waitForAny({ comes: { event: "go", key: (_: Data, ctx: Context) => of(itemOf(ctx)) }, not: { event: "go", key: never } })
          .output(
            ({ first }: { first: string }, data: Data, ctx: Context) => void data.log.push(first === "comes" ? of(itemOf(ctx)) : first),
          ) as Chain,
      trace: of,
      events: (item) => [of(item)],
    };
  }

  #decide(depth: number): Part {
    const [choice, blocks] = [this.#random(3), [this.#chain(depth - 1), this.#chain(depth - 1), this.#chain(depth - 1)]];
    return {
      ...(blocks[choice] as Part),
      add: (to) =>
        to.decide(
          () => choice,
          (d: Chain) =>
            d
              .case(0, (b: Chain) => blocks[0]?.add(b) as Chain)
              .case(1, (b: Chain) => blocks[1]?.add(b) as Chain)
              .otherwise((b: Chain) => blocks[2]?.add(b) as Chain) as Chain,
        ) as Chain,
    };
  }

  /** Goes back to a step so many times. */
  #goTo(): Part {
    const [name, times] = [this.#name("back"), 1 + this.#random(3)];
    const of = (item: string, n: number): string => `${name}@${item}#${n}`;
    const count = (data: Data, ctx: Context): number => this.#count(data, of(itemOf(ctx), 0).slice(0, -1));
    return {
      add: (to) =>
        this.#body(to, name, (ctx) => of(itemOf(ctx), count(ctx.data as Data, ctx)))
          .id(name)
          .ifDo(
            (data: Data, ctx: Context) => count(data, ctx) < times,
            (b: Chain) => b.goTo(name) as Chain,
          ) as Chain,
      trace: (item) => inOrder(Array.from({ length: times }, (_, n) => of(item, n))),
      events: () => [],
    };
  }

  /** Steps and other parts, then one that fails for good: what has a compensator is undone in reverse, that of the saga comes last. */
  #saga(depth: number): Part {
    const [name, length] = [this.#name("saga"), 1 + this.#random(3)];
    const inner = this.#chain(depth - 1);
    const fails = this.#random(3) > 0;
    const of =
      (what: string) =>
      (item: string): string =>
        `${name}${what}@${item}`;
    const steps = Array.from({ length }, (_, n) => n);
    const block = (b: Chain): Chain => {
      let chain = b;
      for (const n of steps) {
        chain = this.#body(chain, `${name}do${n}`, (ctx) => of(`do${n}`)(itemOf(ctx)));
        chain = this.#compensated(chain, `${name}undo${n}`, of(`undo${n}`));
        // In a container, which ends with the forks inside it: the failure would cancel them.
        if (n === 0) {
          chain = chain.ifDo(
            () => true,
            (c: Chain) => inner.add(c),
          ) as Chain;
        }
      }
      if (!fails) return chain;
      const failing = chain.thenFn(`${name}fails`, () => {
        throw new NonRetryableError(`${name} fails for good`);
      }) as Chain;
      return this.#compensated(failing, `${name}undoFailed`, of("undoFailed"));
    };
    return {
      add: (to) => this.#compensated(to.saga(block), `${name}undoAll`, of("undoAll")),
      trace: (item) => {
        const done: Trace[] = steps.flatMap((n) => [of(`do${n}`)(item), ...(n === 0 ? [inner.trace(item)] : [])]);
        if (!fails) return inOrder(done);
        const undone = steps.toReversed().flatMap((n) => [...(n === 0 ? [undoOf(inner, item)] : []), of(`undo${n}`)(item)]);
        return inOrder([...done, of("undoFailed")(item), ...undone, of("undoAll")(item)]);
      },
      // One that has finished is undone by its own compensator alone; one that was undone before is not undone again.
      undo: (item) => inOrder(fails ? [] : [of("undoAll")(item)]),
      events: (item) => inner.events(item),
    };
  }

  #compensated(to: Chain, name: string, of: (item: string) => string): Chain {
    class Undoes {
      static readonly stepType = name;
      run = (): void => {};
    }
    const configure = (c: Chain): Chain =>
      c.output((_: unknown, data: Data, ctx: Context) => void data.log.push(of(itemOf(ctx)))).onError(retry) as Chain;
    return to.compensateWith(Undoes, configure) as Chain;
  }

  #schedule(depth: number): Part {
    const [ms, body] = [this.#random(300), this.#chain(depth - 1)];
    return {
      ...body,
      forks: true,
      add: (to) => to.schedule(ms, (b: Chain) => body.add(b)).onError(retry) as Chain,
    };
  }

  /** Runs so many times. */
  #recur(): Part {
    const [name, times, ms] = [this.#name("recur"), this.#random(4), 1 + this.#random(200)];
    const of = (item: string, n: number): string => `${name}@${item}#${n}`;
    const count = (data: Data, ctx: Context): number => this.#count(data, of(itemOf(ctx), 0).slice(0, -1));
    return {
      forks: true,
      add: (to) =>
        to
          .recur(
            ms,
            (data: Data, ctx: Context) => count(data, ctx) >= times,
            (b: Chain) => this.#body(b, name, (ctx) => of(itemOf(ctx), count(ctx.data as Data, ctx))),
          )
          .onError(retry) as Chain,
      trace: (item) => inOrder(Array.from({ length: times }, (_, n) => of(item, n))),
      events: () => [],
    };
  }

  #count(data: Data, prefix: string): number {
    return data.log.filter((entry) => entry.startsWith(prefix)).length;
  }
}
