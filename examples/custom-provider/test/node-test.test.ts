import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { PERSISTENCE_SUITE_CASES } from "wfe-core/test-support";

const FOLDER = fileURLToPath(new URL("../", import.meta.url));

it("passes the same suite with Node.js' own runner", { timeout: 300_000 }, async () => {
  const files = readdirSync(`${FOLDER}node-test`).map((file) => `node-test/${file}`);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;

  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "--conditions=wfe-source", "--test", "--test-timeout=60000", "--test-reporter=tap", ...files],
    { cwd: FOLDER, env, timeout: 290_000, maxBuffer: 16 * 1024 * 1024 },
  );

  const counted = Object.fromEntries([...stdout.matchAll(/^# (pass|fail|skipped) (\d+)$/gm)].map(([, what, count]) => [what, Number(count)]));
  // Every case: the target claims all that the suite knows.
  expect(counted).toEqual({ pass: PERSISTENCE_SUITE_CASES.length, fail: 0, skipped: 0 });
});
