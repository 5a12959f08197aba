import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { consoleLogSink, type ConsoleLogSinkOptions } from "../../src/runtime/console-log-sink.ts";
import type { LogEntry } from "../../src/traits/log-sink.ts";

const entry = (more: Partial<LogEntry>): LogEntry => ({ at: new Date(0), level: "info", message: "", ...more });

/** What a sink writes of an entry. */
function shown(of: LogEntry, options: ConsoleLogSinkOptions = {}): string {
  const stream = new PassThrough();
  consoleLogSink({ stream, ...options }).write(of);
  return String(stream.read() ?? "");
}

const start = "1970-01-01T00:00:00.000Z";

describe("consoleLogSink", () => {
  it("writes a line with time, level, where it comes from, the message and its fields", () => {
    const line = shown(
      entry({
        message: "charged",
        fields: { amount: 5, order: { id: "o1" } },
        definitionId: "pay",
        workflowId: "w1",
        step: "charge",
        pointerId: "p",
      }),
    );

    expect(line).toBe(`${start} info   [pay w1 charge] charged { amount: 5, order: { id: 'o1' } }\n`);
  });

  it("writes warnings of the engine, and output of steps", () => {
    expect(shown(entry({ level: "warn", message: "tried again" }))).toBe(`${start} warn   tried again\n`);
    expect(shown(entry({ stream: "stderr", chunk: "two\nlines\n", step: "build" }))).toBe(`${start} stderr [build] two\n    lines\n`);
    expect(shown(entry({ stream: "stdout", chunk: Buffer.from("bytes") }))).toBe(`${start} stdout bytes\n`);
  });

  it("writes errors with stack and causes, below the line", () => {
    const error = new Error("outer", { cause: new TypeError("inner") });

    const [first, ...rest] = shown(entry({ message: "failed", fields: { error, n: 1 } })).split("\n");

    expect(first).toBe(`${start} info   failed { n: 1 }`);
    expect(rest[0]).toBe("    error: Error: outer");
    expect(rest.join("\n")).toMatch(/console-log-sink\.test\.ts[\s\S]*\[cause\]: TypeError: inner[\s\S]*console-log-sink\.test\.ts/u);
    expect(rest.slice(0, -1).every((line) => line.startsWith("    "))).toBe(true);
    expect(shown(entry({ fields: error }))).toContain("\n    Error: outer\n");
  });

  it("lets no text pass for another entry, or for a command to the terminal", () => {
    expect(shown(entry({ message: `a\n${start} error  forged\r\u001b[2J\u009b1m` }))).toBe(
      `${start} info   a\n    ${start} error  forged\\x0d\\x1b[2J\\x9b1m\n`,
    );
  });

  it("cuts what is very long", () => {
    const line = shown(entry({ message: "x".repeat(1_000_000) }));

    expect(line).toHaveLength(16_384 + "…\n".length);
  });

  it.each([
    ["debug", ["debug", "info", "warn", "error"]],
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
  ] as const)("shows from the level %s on", (level, levels) => {
    const written = (["debug", "info", "warn", "error"] as const).filter((one) => shown(entry({ level: one, message: "m" }), { level }) !== "");

    expect(written).toEqual(levels);
  });

  it("never throws: not for fields that do, a bad date, or fields that cannot be shown", () => {
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    ); // prettier-ignore

    expect(shown(entry({ fields: hostile }))).toBe("a log entry that cannot be shown\n");
    expect(shown(entry({ at: new Date(Number.NaN) }))).toBe("a log entry that cannot be shown\n");
    expect(shown(entry({ message: 5 as never, chunk: undefined as never }))).toBe(`${start} info   5\n`);
  });

  it("outlives a stream that fails, at once or later", async () => {
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error("the reader is gone")) });
    const throwing = Object.assign(new PassThrough(), {
      write: () => {
        throw new Error("at once");
      },
    });

    for (const stream of [broken, throwing]) {
      const sink = consoleLogSink({ stream });
      for (let n = 0; n < 3; n += 1) {
        sink.write(entry({ message: "x" }));
        await new Promise((resolve) => setImmediate(resolve)); // an error of a stream that nobody hears would end the process
      }
    }

    expect(broken.errored).toEqual(new Error("the reader is gone"));
  });

  it("refuses a level that is none, and what is no stream", () => {
    expect(() => consoleLogSink({ level: "trace" as never })).toThrow(RangeError);
    expect(() => consoleLogSink({ stream: {} as never })).toThrow(TypeError);
  });
});
