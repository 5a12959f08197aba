import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));
const TIMEOUT_MS = 150_000;

async function drill(...words: readonly string[]): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  const program = spawn(process.execPath, ["--import", "tsx", "--conditions=wfe-source", "src/drill.ts", ...words], { cwd: FOLDER });
  let [output, errors] = ["", ""];
  program.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  program.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => void program.once("close", resolve));
  return { code, output, errors };
}

describe("the drill program", () => {
  it(
    "tells what it does, prints a table and a verdict, and exits with 0 when all is as it must be",
    async () => {
      const { code, output, errors } = await drill("flush", "--store", "sqlite", "--workflows", "20", "--hosts", "2");

      expect({ code, errors }).toEqual({ code: 0, errors: "" });
      const lines = output.split("\n");
      expect(lines[0]).toMatch(/^ {3}0\.\d s {2}drill flush on sqlite: everything it needs is being made$/);
      expect(lines).toContain("drill flush on sqlite: 2 hosts, 20 workflows");
      expect(lines.find((line) => line.includes("all hints and leases were removed"))).toMatch(/^ {2}[1-9]\d* times /);
      const rows = lines.filter((line) => line.startsWith("| ")).map((line) => line.split("|").map((cell) => cell.trim()));
      expect(rows[0]).toEqual(["", "what was looked at", "seen", "expected", "verdict", ""]);
      expect(rows).toContainEqual(["", "trips that have ended", "20", "20", "good", ""]);
      expect(rows).toContainEqual(["", "uses of events", "40", "40", "good", ""]);
      expect(lines).toContain("verdict: good");
    },
    TIMEOUT_MS,
  );

  it(
    "exits with 1, and says in JSON what is wrong, when the workflows are not over in time",
    async () => {
      const { code, output, errors } = await drill("kill", "--store=sqlite", "--workflows=2000", "--hosts=2", "--seconds=1", "--json");

      const outcome = JSON.parse(output) as {
        readonly isGood: boolean;
        readonly findings: readonly { readonly what: string; readonly isGood: boolean }[];
      };
      expect(code).toBe(1);
      expect(errors).toContain("starting 2 hosts on sqlite");
      expect(outcome).toMatchObject({ drill: "kill", store: "sqlite", hosts: 2, workflows: 2_000, isGood: false });
      const wrong = outcome.findings.filter(({ isGood }) => !isGood).map(({ what }) => what);
      expect(wrong).toEqual(expect.arrayContaining(["all over within 1 s", "trips that have ended"]));
    },
    TIMEOUT_MS,
  );

  it("exits with 2, and says what makes no sense and how it is used", async () => {
    const { code, output, errors } = await drill("explode", "--store", "sqlite");

    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toMatch(
      /^a drill must be one of kill, freeze, flush, restart, disk-full: got "explode"\n\nusage: pnpm drill <drill> --store <store> \[options\]\n/,
    );
  });

  it("prints how it is used when it is asked", async () => {
    const { code, output } = await drill("--help");

    expect(code).toBe(0);
    expect(output).toContain("usage: pnpm drill <drill> --store <store>");
  });
});
