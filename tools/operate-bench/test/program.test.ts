import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));

async function bench(...words: readonly string[]): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  const program = spawn(process.execPath, ["--import", "tsx", "--conditions=wfe-source", "src/bench.ts", ...words], { cwd: FOLDER });
  let [output, errors] = ["", ""];
  program.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  program.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => void program.once("close", resolve));
  return { code, output, errors };
}

describe("the program", () => {
  it("fills a store, asks it, and removes what is over beside a load", { timeout: 150_000 }, async () => {
    const { code, output, errors } = await bench("--store", "sqlite", "--instances", "2000", "--seconds", "1");

    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    const rows = output.split("\n").filter((line) => line.startsWith("| "));
    const figures = rows
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .filter(([, , figure]) => figure !== undefined && /^[\d.]+$/.test(figure));
    expect(figures.length).toBeGreaterThan(10);
    expect(rows.filter((line) => /^\| (before|during the purge|after) \| [1-9]/.test(line))).toHaveLength(3);
    expect(Number(/^(\d+) instances were removed/m.exec(output)?.[1])).toBe(1500);
  });

  it.each([
    ["--instances", "10"],
    ["--store", "mysql"],
    ["--seconds", "none"],
  ])("says how it is used for %s %s", { timeout: 60_000 }, async (...words) => {
    const { code, output, errors } = await bench(...words);

    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toContain("usage: bench [--store sqlite|postgres] [--instances 100000] [--seconds 10] [--index-cost]");
  });
});
