import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const EXAMPLES: readonly string[] = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^(\..*|node_modules|test)$/.test(entry.name))
  .map(({ name }) => name);

const textOf = (path: string): string => readFileSync(`${ROOT}/${path}`, "utf8");
const blocks = (document: string, language: string): readonly string[] =>
  [...document.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, mark, text = ""]) => (mark === language ? [text] : []));

interface Run {
  readonly exit: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of its own, the way the script of the package starts it. */
function run(name: string): Promise<Run> {
  const args = ["--import", "tsx", "--conditions=wfe-source", `${name}/main.ts`];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, timeout: 30_000, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      resolve({ exit: error === null ? 0 : (error.code ?? error.signal), stdout, stderr });
    });
  });
}

describe.concurrent("the example", { timeout: 40_000 }, () => {
  it.for(EXAMPLES)("%s prints what its README says, and nothing else", async (name, { expect }) => {
    const [expected, ...others] = blocks(textOf(`${name}/README.md`), "text");
    expect(others).toEqual([]);

    expect(await run(name)).toEqual({ exit: 0, stdout: expected, stderr: "" });
  });
});

describe("the examples", () => {
  it("are all listed, and each is run by one command", () => {
    const { scripts } = JSON.parse(textOf("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
    const { typecheck: _, ...starts } = scripts;
    const listed = [...textOf("../README.md").matchAll(/\]\(operating\/([\w-]+)\)/g)].map(([, name = ""]) => name);

    expect(EXAMPLES).toContain("logging");
    expect(listed.toSorted()).toEqual(EXAMPLES.toSorted());
    expect(starts).toEqual(Object.fromEntries(EXAMPLES.map((name) => [name, `tsx --conditions=wfe-source ${name}/main.ts`])));
    for (const name of EXAMPLES)
      expect(blocks(textOf(`${name}/README.md`), "sh")).toEqual([`npx -y pnpm@10 --silent --filter wfe-example-operating ${name}\n`]);
  });
});
