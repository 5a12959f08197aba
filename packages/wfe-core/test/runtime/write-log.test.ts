import { describe, expect, it } from "vitest";
import { logPieces, writeLog } from "../../src/runtime/write-log.ts";
import type { LogEntry } from "../../src/traits/log-sink.ts";

const LONGEST = 65_536;
const entry: LogEntry = { at: new Date(0), level: "info", message: "m" };

describe("writeLog", () => {
  it("hands the entry over at once, and outlives a sink that throws, rejects or hangs", async () => {
    const got: LogEntry[] = [];
    const sinks: ((given: LogEntry) => unknown)[] = [
      (given) => got.push(given),
      () => {
        throw new Error("at once");
      },
      () => Promise.reject(new Error("later")),
      () => new Promise(() => {}),
    ];

    for (const write of sinks) expect(writeLog({ write }, entry)).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve)); // an unhandled rejection would fail the test

    expect(got).toEqual([entry]);
  });
});

describe("logPieces", () => {
  it("leaves alone what is not too long", () => {
    for (const chunk of ["", "abc", "x".repeat(LONGEST), new Uint8Array(LONGEST)]) expect(logPieces(chunk)).toEqual([chunk]);
  });

  it("cuts what is longer, and loses nothing", () => {
    const text = "x".repeat(LONGEST * 2 + 1);

    expect(logPieces(text).map(({ length }) => length)).toEqual([LONGEST, LONGEST, 1]);
    expect(logPieces(text).join("")).toBe(text);
  });

  it.each(["😀", "é", "€"])("tears no %s apart, in text or in UTF-8", (character) => {
    for (let shift = 0; shift < 4; shift += 1) {
      const text = `${"x".repeat(shift)}${character.repeat(LONGEST)}`;
      const bytes = new TextEncoder().encode(text);

      const fromText = logPieces(text);
      const fromBytes = logPieces(bytes).map((piece) => new TextDecoder("utf-8", { fatal: true }).decode(piece as Uint8Array));

      expect(fromText.every((piece) => piece.length <= LONGEST && !/\p{Cs}/u.test(piece as string))).toBe(true);
      expect(fromText.join("")).toBe(text);
      expect(fromBytes.join("")).toBe(text);
    }
  });

  it("cuts bytes that are no UTF-8 anywhere", () => {
    const bytes = new Uint8Array(LONGEST + 10).fill(0x80);

    expect(logPieces(bytes).map(({ length }) => length)).toEqual([LONGEST, 10]);
  });
});
