// Starts a program of this package with the Node.js that this file runs on: that of `node_modules/.bin` is another one, for peers that need it.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAMS = { bench: "src/bench.ts", profile: "profile/profile.ts" };
const folder = dirname(fileURLToPath(import.meta.url));
const [name, ...words] = process.argv.slice(2);
const program = PROGRAMS[name];
if (program === undefined) throw new Error(`the programs are ${Object.keys(PROGRAMS).join(", ")}: got ${name}`);

// Paths in the words are meant from where the command was given.
const env = { ...process.env, INIT_CWD: process.env.INIT_CWD ?? process.cwd() };

function run(...args) {
  const { status, signal } = spawnSync(process.execPath, args, { cwd: folder, stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? (signal === null ? 1 : 130));
}

process.on("SIGINT", () => {}); // the programs get it too, and end in order
run(join("node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.measured.json");
run("--import", "tsx", program, ...words);
