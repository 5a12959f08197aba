import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unprivilegedUser, type ProcessUser } from "./unprivileged-user.ts";

// The last line it was told is the process to end. Its input ends when this process does, however it dies.
const GUARD = `
pid=
while IFS= read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -s QUIT "$pid" 2>/dev/null
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -s KILL "$pid" 2>/dev/null
fi
rm -rf "$1"
`;

/**
 * A temporary folder and the server that runs in it, one process at a time, as a user that a server accepts. Both are gone when it is removed, or a
 * moment after this process has ended in any way: Ctrl-C, a crash, SIGKILL.
 */
export interface GuardedFolder {
  readonly path: string;
  /** Who owns it and runs the server. */
  readonly user: ProcessUser;
  /** Starts the server, in a session of its own: Ctrl-C goes to all processes of the terminal's. */
  spawn(program: string, args: readonly string[], stdio: SpawnOptions["stdio"]): ChildProcess;
  /** Ends the server when it still runs, and removes the folder. */
  remove(): Promise<void>;
}

/** Makes such a folder. @param prefix - What its name begins with. */
export function guardedFolder(prefix: string): GuardedFolder {
  const user = unprivilegedUser();
  const path = mkdtempSync(join(tmpdir(), prefix));
  if (user.uid !== undefined && user.gid !== undefined) chownSync(path, user.uid, user.gid);
  chmodSync(path, 0o755);
  const guard = spawn("/bin/sh", ["-c", GUARD, "wfe-guard", path], { cwd: "/", detached: true, stdio: ["pipe", "ignore", "ignore"] });
  const ended = new Promise<void>((resolve) => void guard.once("exit", () => resolve()));
  guard.unref();
  const input = guard.stdin;
  input.on("error", () => {}); // somebody has killed it, which is no error of the tests
  return {
    path,
    user,
    spawn: (program, args, stdio) => {
      const child = spawn(program, args, { ...user, cwd: path, detached: true, stdio });
      if (child.pid !== undefined) input.write(`${child.pid}\n`);
      child.once("exit", () => input.write("\n"));
      return child;
    },
    remove: async () => {
      guard.ref();
      input.end();
      await ended;
    },
  };
}
