import { describe, expect, it } from "vitest";
import { type BufferedLogSinkOptions, type BufferedLogSink, bufferedLogSink } from "../../src/runtime/buffered-log-sink.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import type { LogEntry } from "../../src/traits/log-sink.ts";

const entry = (message: string, more: Partial<LogEntry> = {}): LogEntry => ({ at: new Date(0), level: "info", message, ...more });

/** A destination that a test lets go on, or fail. */
class Destination {
  readonly clock: VirtualClock = new VirtualClock();
  readonly batches: (readonly LogEntry[])[] = [];
  answer: () => Promise<void> = () => Promise.resolve();

  sink(options: BufferedLogSinkOptions = {}): BufferedLogSink {
    const write = (entries: readonly LogEntry[]): Promise<void> => {
      this.batches.push(entries);
      return this.answer();
    };
    return bufferedLogSink(write, { clock: this.clock, ...options });
  }

  get messages(): readonly (readonly string[])[] {
    return this.batches.map((batch) =>
      batch.map(({ message, fields }) => (fields === undefined ? message : `${message.slice(0, 6)} ${JSON.stringify(fields)}`)),
    );
  }
}

describe("bufferedLogSink", () => {
  it("writes what comes in one turn as one batch, later, and in order", async () => {
    const destination = new Destination();
    const sink = destination.sink();

    sink.write(entry("a"));
    sink.write(entry("b"));
    const atOnce = destination.batches.length;
    await destination.clock.settle();
    sink.write(entry("c"));
    await destination.clock.settle();

    expect(atOnce).toBe(0);
    expect(destination.messages).toEqual([["a", "b"], ["c"]]);
  });

  it("writes one batch at a time, of 1,000 at most", async () => {
    const destination = new Destination();
    const ends: (() => void)[] = [];
    destination.answer = () => new Promise((resolve) => ends.push(resolve));
    const sink = destination.sink();
    for (let n = 0; n < 2_500; n += 1) sink.write(entry(`${n}`));
    const sizes = async (): Promise<readonly number[]> => {
      await destination.clock.settle();
      return destination.batches.map(({ length }) => length);
    };

    const first = await sizes();
    ends[0]?.();
    const second = await sizes();
    ends[1]?.();
    const third = await sizes();

    expect([first, second, third]).toEqual([[1_000], [1_000, 1_000], [1_000, 1_000, 500]]);
    expect(destination.batches.flat().map(({ message }) => message)).toEqual(Array.from({ length: 2_500 }, (_, n) => `${n}`));
  });

  it.each([
    ["oldest", ["dddd", "eeee"]],
    ["newest", ["bbbb", "cccc"]],
  ] as const)("drops the %s beyond its bound while a write hangs, and says how many with the next batch", async (drop, kept) => {
    for (const bound of [{ maxEntries: 2 }, { maxSize: 9 }]) {
      const destination = new Destination();
      let goOn = (): void => {};
      destination.answer = () => new Promise((resolve) => (goOn = resolve));
      const sink = destination.sink({ ...bound, drop });
      sink.write(entry("aaaa"));
      await destination.clock.settle();

      for (const message of ["bbbb", "cccc", "dddd", "eeee"]) sink.write(entry(message));
      await destination.clock.advance("1h");
      goOn();
      await destination.clock.settle();

      expect(destination.messages).toEqual([["aaaa"], ['2 log  {"dropped":2}', ...kept]]);
      expect(destination.batches[1]?.[0]).toMatchObject({ level: "warn", at: new Date(destination.clock.now()) });
    }
  });

  it("does not drop others for one that is larger than all may be", async () => {
    const destination = new Destination();
    const sink = destination.sink({ maxSize: 10 });

    sink.write(entry("a"));
    sink.write(entry("", { stream: "stdout", chunk: new Uint8Array(11) }));
    await destination.clock.settle();

    expect(destination.messages).toEqual([['1 log  {"dropped":1}', "a"]]);
  });

  it("drops a batch that cannot be written, tells of it with the next, and asks no more often than there is something to write", async () => {
    const destination = new Destination();
    const failures: (() => Promise<void>)[] = [
      () => Promise.reject(new Error("full")),
      () => {
        throw new Error("gone");
      },
    ];
    destination.answer = () => failures.shift()?.() ?? Promise.resolve();
    const sink = destination.sink();
    for (const message of ["a", "b", "c", "d"]) {
      sink.write(entry(message));
      await destination.clock.advance("1h");
    }

    expect(destination.messages).toEqual([["a"], ['1 log  {"dropped":1}', "b"], ['2 log  {"dropped":2}', "c"], ["d"]]);
  });

  it("keeps what an entry was when it was handed in", async () => {
    const destination = new Destination();
    const sink = destination.sink();
    const fields = { n: 1 };
    const chunk = Buffer.from("abc");
    const error = new Error("kept as it is");

    sink.write(entry("", { fields }));
    sink.write(entry("", { chunk, stream: "stdout" }));
    sink.write(entry("", { fields: error }));
    fields.n = 2;
    chunk.fill(0);
    await destination.clock.settle();

    expect(destination.batches.flat().map(({ fields: kept, chunk: piece }) => kept ?? Buffer.from(piece ?? "").toString())).toEqual([
      { n: 1 },
      "abc",
      error,
    ]);
    expect(destination.batches[0]?.[2]?.fields).toBe(error);
  });

  it("counts fields that throw when they are looked at as lost", async () => {
    const destination = new Destination();
    const sink = destination.sink();
    const fields = Object.defineProperty({}, "bad", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });

    sink.write(entry("a", { fields }));
    await destination.clock.settle();

    expect(destination.messages).toEqual([['1 log  {"dropped":1}']]);
  });

  it("stays fast with many entries that wait", () => {
    const destination = new Destination();
    const sink = destination.sink({ maxEntries: 100_000, maxSize: 1e9 });

    for (let n = 0; n < 1_000_000; n += 1) sink.write(entry("x"));

    expect(destination.batches).toEqual([]); // within the time limit of a test: dropping the oldest does not move the others
  });

  describe("flush", () => {
    it("waits for what is being written and what waits, and says that it was", async () => {
      const destination = new Destination();
      let goOn = (): void => {};
      destination.answer = () => new Promise((resolve) => (goOn = resolve));
      const sink = destination.sink();
      sink.write(entry("a"));
      let flushed: boolean | undefined;

      const flushing = sink.flush().then((result) => (flushed = result));
      await destination.clock.advance("4s");
      const whileWriting = flushed;
      goOn();
      await flushing;

      expect([whileWriting, flushed]).toEqual([undefined, true]);
      expect(await sink.flush({ timeout: 0 })).toBe(true);
    });

    it("says so when its time is up", async () => {
      const destination = new Destination();
      destination.answer = () => new Promise(() => {});
      const sink = destination.sink();
      sink.write(entry("a"));

      const flushing = sink.flush({ timeout: "1s" });
      await destination.clock.advance("1s");

      expect(await flushing).toBe(false);
    });

    it("says so when something was lost, and tells of a loss that is still to be told", async () => {
      const destination = new Destination();
      destination.answer = () => Promise.reject(new Error("full"));
      const sink = destination.sink();
      sink.write(entry("a"));

      const failed = sink.flush();
      await destination.clock.settle();
      destination.answer = () => Promise.resolve();
      const told = sink.flush();
      await destination.clock.settle();

      expect([await failed, await told]).toEqual([false, true]);
      expect(destination.messages).toEqual([["a"], ['1 log  {"dropped":1}']]);
    });
  });

  it.each([{ maxEntries: 0 }, { maxEntries: 1.5 }, { maxSize: Number.NaN }, { drop: "all" as never }])("refuses %j", (options) => {
    expect(() => bufferedLogSink(() => Promise.resolve(), options)).toThrow(RangeError);
  });

  it("refuses what cannot write", () => {
    expect(() => bufferedLogSink(undefined as never)).toThrow(TypeError);
  });
});
