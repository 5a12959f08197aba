import { beforeAll, describe, expect, it } from "vitest";
import { type Findings, lintPlanted } from "./planted-lint.ts";

/** The floors of wfe-core: each folder with all that it may import, besides itself. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  models: [],
  errors: ["models"],
  traits: ["models", "errors"],
  runtime: ["models", "errors", "traits"],
  primitives: ["models", "errors", "traits", "runtime"],
  "test-support": ["models", "errors", "traits", "runtime"],
  artifacts: ["models", "errors", "traits", "runtime"],
  builder: ["models", "errors", "traits", "runtime", "primitives", "test-support", "artifacts"],
  executor: ["models", "errors", "traits", "runtime", "primitives", "test-support", "artifacts", "builder"],
};
const FOLDERS = Object.keys(FLOORS);
const CORE = "packages/wfe-core/src";

/** Source text that breaks one rule, the path it is planted at, and the rule. */
const FAULTS: readonly (readonly [what: string, path: string, source: string, rule: string])[] = [
  ["a floating promise", "packages/wfe/src/a.ts", "export function f(p: Promise<void>): void {\n  p;\n}\n", "typescript(no-floating-promises)"],
  [
    "an async callback where nobody waits",
    "packages/wfe/src/b.ts",
    "export const f = (xs: string[], g: (x: string) => Promise<void>): void => xs.forEach(async (x) => {\n  await g(x);\n});\n",
    "typescript(no-misused-promises)",
  ],
  [
    "a promise as a condition",
    "packages/wfe/test/c.ts",
    "export const f = (p: Promise<void>): number => (p ? 1 : 2);\n",
    "typescript(no-misused-promises)",
  ],
  ["a thrown string", "packages/wfe/src/d.ts", 'export function f(): never {\n  throw "no";\n}\n', "typescript(only-throw-error)"],
  [
    "a value import of a type",
    "packages/wfe/src/e.ts",
    'import { T } from "./cycle-a.ts";\nexport const f = (t: T): T => t;\n',
    "typescript(consistent-type-imports)",
  ],
  ["a default export", "packages/wfe/src/f.ts", "export default 1;\n", "import(no-default-export)"],
  [
    "a cycle of type imports, one half",
    "packages/wfe/src/cycle-a.ts",
    'import type { U } from "./cycle-b.ts";\nexport type T = U | 1;\n',
    "import(no-cycle)",
  ],
  [
    "a cycle of type imports, the other half",
    "packages/wfe/src/cycle-b.ts",
    'import type { T } from "./cycle-a.ts";\nexport type U = T[];\n',
    "import(no-cycle)",
  ],
  ["301 lines", "packages/wfe-redis/src/long.ts", `${"\n".repeat(300)}export const x = 1;\n`, "eslint(max-lines)"],
  ["the sources of another package", "packages/wfe-sqlite/src/a.ts", 'export { x } from "wfe-core/src/x.ts";\n', "eslint(no-restricted-imports)"],
  ["another package by a path", "packages/wfe-sqlite/src/b.ts", 'export { x } from "../../wfe-core/src/x.ts";\n', "eslint(no-restricted-imports)"],
  ["the host in the core", `${CORE}/executor/host.ts`, 'import type { X } from "wfe";\nexport type Y = X;\n', "eslint(no-restricted-imports)"],
  [
    "the entry point from inside",
    `${CORE}/executor/entry.ts`,
    'import type { X } from "../index.ts";\nexport type Y = X;\n',
    "eslint(no-restricted-imports)",
  ],
  [
    "the test support in the host",
    "packages/wfe/src/host/t.ts",
    'import type { X } from "../test-support/index.ts";\nexport type Y = X;\n',
    "eslint(no-restricted-imports)",
  ],
  ["Date.now", "packages/wfe/src/host/now.ts", "export const f = (): number => Date.now();\n", "eslint(no-restricted-properties)"],
  ["new Date() without a time", "packages/wfe/src/host/date.ts", "export const f = (): Date => new Date();\n", "wfe(no-ambient-time-or-chance)"],
  ["Date()", "packages/wfe/src/host/text.ts", "export const f = (): string => Date();\n", "wfe(no-ambient-time-or-chance)"],
  [
    "setTimeout",
    "packages/wfe-sqlite/src/t1.ts",
    "export const f = (g: () => void): unknown => setTimeout(g, 1);\n",
    "eslint(no-restricted-globals)",
  ],
  [
    "setInterval",
    "packages/wfe-sqlite/src/t2.ts",
    "export const f = (g: () => void): unknown => setInterval(g, 1);\n",
    "eslint(no-restricted-globals)",
  ],
  [
    "setImmediate",
    "packages/wfe-sqlite/src/t3.ts",
    "export const f = (g: () => void): unknown => setImmediate(g);\n",
    "eslint(no-restricted-globals)",
  ],
  [
    "setTimeout of globalThis",
    "packages/wfe-sqlite/src/t4.ts",
    "export const f = (g: () => void): unknown => globalThis.setTimeout(g, 1);\n",
    "eslint(no-restricted-properties)",
  ],
  [
    "setTimeout of node:timers",
    "packages/wfe/src/t5.ts",
    'export { setTimeout as sleep } from "node:timers/promises";\n',
    "wfe(no-ambient-time-or-chance)",
  ],
  ["Math.random", `${CORE}/runtime/r1.ts`, "export const f = (): number => Math.random();\n", "eslint(no-restricted-properties)"],
  [
    "randomUUID",
    `${CORE}/runtime/r2.ts`,
    'import { randomUUID } from "node:crypto";\nexport const f = (): string => randomUUID();\n',
    "wfe(no-ambient-time-or-chance)",
  ],
  ["crypto.randomUUID", `${CORE}/runtime/r3.ts`, "export const f = (): string => crypto.randomUUID();\n", "eslint(no-restricted-properties)"],
  ["performance.now", `${CORE}/runtime/r4.ts`, "export const f = (): number => performance.now();\n", "eslint(no-restricted-properties)"],
  [
    "AbortSignal.timeout",
    `${CORE}/runtime/r5.ts`,
    "export const f = (): AbortSignal => AbortSignal.timeout(1);\n",
    "eslint(no-restricted-properties)",
  ],
];

/** Source text that looks like a fault and is none. */
const SOUND: readonly (readonly [what: string, path: string, source: string])[] = [
  ["the system clock reads the time", `${CORE}/runtime/system-clock.ts`, "export const f = (): number => Date.now() + performance.now();\n"],
  [
    "the system entropy makes ids",
    `${CORE}/runtime/system-entropy.ts`,
    'import { randomUUID } from "node:crypto";\nexport const f = (): string => randomUUID();\n',
  ],
  ["a date of a given time", `${CORE}/models/date.ts`, "export const f = (ms: number): Date => new Date(ms);\n"],
  [
    "a hash of node:crypto",
    `${CORE}/builder/hash.ts`,
    'import { createHash } from "node:crypto";\nexport const f = (): unknown => createHash("sha256");\n',
  ],
  ["a test reads the time", "packages/wfe/test/time.ts", "export const f = (): number => Date.now();\n"],
  ["a configuration file exports a default", "packages/wfe/tsdown.config.ts", "export default 1;\n"],
  ["300 lines", "packages/wfe-redis/src/short.ts", `${"\n".repeat(299)}export const x = 1;\n`],
];

const planted = (from: string, to: string): string => `${CORE}/${from}/imports-${to}.ts`;

describe("the linter", () => {
  let findings: Findings;
  beforeAll(async () => {
    const files: Record<string, string> = {};
    for (const [, path, source] of [...FAULTS, ...SOUND]) files[path] = source;
    for (const to of FOLDERS) files[`${CORE}/${to}/target.ts`] = "export type X = 1;\n";
    for (const from of FOLDERS) {
      for (const to of FOLDERS) files[planted(from, to)] = `import type { X } from "../${to}/target.ts";\nexport type Y = X;\n`;
    }
    findings = await lintPlanted(files);
  }, 60_000);

  it.each(FAULTS)("refuses %s", (_what, path, _source, rule) => {
    expect(findings.get(path)).toContain(rule);
  });

  it.each(SOUND)("accepts that %s", (_what, path) => {
    expect(findings.get(path)).toEqual([]);
  });

  it.each(FOLDERS)("lets %s of wfe-core import exactly its own folder and the floors below", (from) => {
    const accepted = FOLDERS.filter((to) => !findings.get(planted(from, to))?.includes("eslint(no-restricted-imports)"));

    expect(accepted).toEqual(FOLDERS.filter((to) => to === from || FLOORS[from]?.includes(to)));
  });
});
