import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

it("prints what its README says, and nothing else", { timeout: 60_000 }, async () => {
  const expected = /^```text\n(.*?)^```$/ms.exec(readFileSync(`${ROOT}/README.md`, "utf8"))?.[1];

  const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", "--conditions=wfe-source", "main.ts"], { cwd: ROOT });

  expect({ stdout, stderr }).toEqual({ stdout: expected, stderr: "" });
});
