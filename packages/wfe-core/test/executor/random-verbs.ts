import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import type { StepExecutionContext } from "../../src/traits/step-execution-context.ts";
import { type Data, inAnyOrder, inOrder, type Part, type Trace, undoOf } from "./random-parts.ts";

type Chain = any; // what is built is random: its types say nothing
type Context = StepExecutionContext<any, string>;

/** What a random workflow lends to the parts that are kept here. */
export interface Parts {
  random(below: number): number;
  name(kind: string): string;
  chain(): Part;
  failsOnce(what: string): void;
  /** Adds a body that writes an entry to the log. */
  body(to: Chain, name: string, entry: (ctx: Context) => string): Chain;
}

const itemOf = (ctx: Context): string => (ctx.item as string | undefined) ?? "";
const retry = ErrorBehavior.retry({ interval: 30, maxRetries: "unlimited" });
const always = (): boolean => true;

/** Entries of a step that runs several times, which are numbered. */
function numbered(name: string) {
  const of = (item: string, n: number): string => `${name}@${item}#${n}`;
  const count = (data: Data, ctx: Context): number => data.log.filter((entry) => entry.startsWith(`${name}@${itemOf(ctx)}#`)).length;
  const entry = (ctx: Context): string => of(itemOf(ctx), count(ctx.data as Data, ctx));
  const trace = (item: string, times: number): Trace => inOrder(Array.from({ length: times }, (_, n) => of(item, n)));
  return { count, entry, trace };
}

/** Forks, jumps, waits for several events, and steps that the data cancels. */
export function verbParts(parts: Parts): readonly (() => Part)[] {
  return [() => schedule(parts), () => recur(parts), () => goTo(parts), () => waitForAny(parts), () => cancelWhen(parts), () => leave(parts)];
}

function schedule({ random, chain }: Parts): Part {
  const [ms, block, behind] = [random(300), chain(), chain()];
  return {
    add: (to) => to.ifDo(always, (b: Chain) => behind.add(b.schedule(ms, (c: Chain) => block.add(c)))) as Chain,
    trace: (item) => inAnyOrder([block.trace(item), behind.trace(item)]),
    undo: (item) => inAnyOrder([undoOf(block, item), undoOf(behind, item)]),
    events: (item) => [...block.events(item), ...behind.events(item)],
  };
}

function recur({ random, name, chain, body, failsOnce }: Parts): Part {
  const [runs, times, ms, behind] = [name("recur"), random(4), 1 + random(200), chain()];
  const { count, entry, trace } = numbered(runs);
  const fails = random(2) === 0;
  const until = (data: Data, ctx: Context): boolean => {
    if (fails && count(data, ctx) === 1) failsOnce(`${runs}@${itemOf(ctx)}`);
    return count(data, ctx) >= times;
  };
  return {
    add: (to) => to.ifDo(always, (b: Chain) => behind.add(b.recur(ms, until, (c: Chain) => body(c, runs, entry).delay(ms)).onError(retry))) as Chain,
    trace: (item) => inAnyOrder([trace(item, times), behind.trace(item)]),
    undo: (item) => undoOf(behind, item),
    events: behind.events,
  };
}

function goTo({ random, name, body }: Parts): Part {
  const [loop, times] = [name("loop"), 1 + random(4)];
  const { count, entry, trace } = numbered(loop);
  const again = (data: Data, ctx: Context): boolean => count(data, ctx) < times;
  return {
    add: (to) =>
      body(to, loop, entry)
        .id(loop)
        .ifDo(again, (b: Chain) =>
          b.decide(
            () => 1,
            (d: Chain) => d.case(1, (c: Chain) => c.schedule("1h", (e: Chain) => e.thenFn("left", () => {})).goTo(loop)),
          ),
        ) as Chain,
    trace: (item) => trace(item, times),
    events: () => [],
  };
}

function waitForAny({ random, name, body }: Parts): Part {
  const wait = name("any");
  const of = (item: string): string => `${wait}@${item}`;
  const timeout = random(3) === 0 ? 1 + random(200) : undefined;
  const key = (_: Data, ctx: Context): string => of(itemOf(ctx));
  return {
    add: (to) => {
      const events = { never: { event: "never", key }, go: { event: "go", key } };
      const waits = to
        .waitForAny(events, timeout === undefined ? {} : { timeout })
        .output(({ first }: { first: string }, data: Data, ctx: Context) => void data.log.push(first === "go" ? of(itemOf(ctx)) : "not this one"));
      return timeout === undefined ? waits : (waits.onTimeout((b: Chain) => body(b, `${wait}late`, (ctx) => of(itemOf(ctx)))) as Chain);
    },
    trace: of,
    events: (item) => [of(item)],
  };
}

/** A wait without end beside a step: what that writes cancels it, and the flow goes on. */
function cancelWhen({ name, body, chain }: Parts): Part {
  const [cause, effect, behind] = [name("cause"), name("effect"), chain()];
  const holds = (data: Data): boolean => data.log.some((entry) => entry.startsWith(`${cause}@`));
  return {
    add: (to) =>
      to.parallel((p: Chain) =>
        p
          .branch((b: Chain) => body(b, cause, (ctx) => `${cause}@${itemOf(ctx)}`))
          .branch((b: Chain) =>
            behind.add(body(b.waitFor("never", "k").cancelWhen(holds, { proceed: true }), effect, (ctx) => `${effect}@${itemOf(ctx)}`)),
          ),
      ) as Chain,
    trace: (item) => inAnyOrder([`${cause}@${item}`, inOrder([`${effect}@${item}`, behind.trace(item)])]),
    undo: (item) => undoOf(behind, item),
    events: behind.events,
  };
}

/** Leaves containers, in which something is still open, for a step behind them. */
function leave({ name, body }: Parts): Part {
  const [inside, target] = [name("inside"), name("target")];
  return {
    add: (to) =>
      body(
        to
          .forEach(
            (_: Data, ctx: Context) => [`${itemOf(ctx)}!`, "never"],
            (b: Chain) =>
              b.whileDo(always, (c: Chain) =>
                body(
                  c.recur(
                    10,
                    () => false,
                    (d: Chain) => d.delay("1h"),
                  ),
                  inside,
                  (ctx) => `${inside}@${itemOf(ctx).slice(0, -1)}`,
                ).goTo(target),
              ),
            { parallel: false },
          )
          .thenFn("never", () => {
            throw new Error("it was jumped over");
          }),
        target,
        (ctx) => `${target}@${itemOf(ctx)}`,
      ).id(target) as Chain,
    trace: (item) => inOrder([`${inside}@${item}`, `${target}@${item}`]),
    events: () => [],
  };
}
